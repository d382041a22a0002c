"""State dicts of PyTorch's optimizers after two steps, and the parameters two steps later: test/golden/optimState.pt.

    python test/golden/optimState.py                      writes it
    python test/golden/optimState.py --continue IN OUT    loads our state dicts (torch.load, weights_only) and goes on, as the test does
"""
import copy, json, os, sys
import torch

O = torch.optim
MAKE = {
    'SGD': lambda p: O.SGD(p, lr=.1, momentum=.9, nesterov=True, weight_decay=.01),
    'Adam': lambda p: O.Adam(p, lr=.02, betas=(.8, .95), amsgrad=True),
    'AdamW': lambda p: O.AdamW([{'params': p[:1], 'weight_decay': .1}, {'params': p[1:], 'lr': .05}], lr=.01),
    'RMSprop': lambda p: O.RMSprop(p, lr=.02, momentum=.5, centered=True),
    'Adagrad': lambda p: O.Adagrad(p, lr=.1, lr_decay=.1),
    'Adadelta': lambda p: O.Adadelta(p, lr=.5),
    'Adamax': lambda p: O.Adamax(p, lr=.01),
    'NAdam': lambda p: O.NAdam(p, lr=.01, weight_decay=.1, decoupled_weight_decay=True),
    'RAdam': lambda p: O.RAdam(p, lr=.01),
    'Rprop': lambda p: O.Rprop(p, lr=.01),
    'ASGD': lambda p: O.ASGD(p, lr=.1, lambd=.1, t0=2),
    'Adafactor': lambda p: O.Adafactor(p, lr=.05, weight_decay=.1),
    # Its steps are rounded to bfloat16: small ones. It takes matrices only.
    'Muon': lambda p: O.Muon(p[:1], lr=1e-4),
    'LBFGS': lambda p: O.LBFGS(p, lr=.1, max_iter=3),
    'LBFGS strong_wolfe': lambda p: O.LBFGS(p, max_iter=3, line_search_fn='strong_wolfe'),
}


def ramp(n, k): return (((torch.arange(n) * 7 + k * 3) % 11).float() - 5) / 4
def parameters(values=None):
    p = values or [ramp(12, 1).reshape(3, 4), ramp(5, 2)]
    return [t.clone().requires_grad_() for t in p]


def steps(o, p, first):
    for k in (first, first + 1):
        def closure():
            o.zero_grad()
            loss = sum(((t - ramp(t.numel(), k + i).reshape(t.shape)) ** 2).sum() for i, t in enumerate(p)) + (p[0].sum() * p[1].sum()) ** 2 / 50
            loss.backward()
            return loss
        o.step(closure)


if __name__ == '__main__':
    if sys.argv[1:2] == ['--continue']:
        # PyTorch 1.13 reads no float with weights_only, and lacks the youngest optimizers and settings: null for those.
        old = torch.__version__.startswith('1.')
        given, out = torch.load(sys.argv[2], weights_only=not old), {}
        for name, g in given.items():
            p = parameters(g['before'])
            try:
                o = MAKE[name](p)
            except (AttributeError, TypeError):
                if not old: raise
                out[name] = None
                continue
            o.load_state_dict(g['state'])
            steps(o, p, 2)
            out[name] = [t.detach().reshape(-1).tolist() for t in p]
        json.dump(out, open(sys.argv[3], 'w'))
    else:
        out = {}
        for name, make in MAKE.items():
            p = parameters()
            o = make(p)
            steps(o, p, 0)
            before = [t.detach().clone() for t in p]
            state = copy.deepcopy(o.state_dict())  # load_state_dict may share its tensors
            fresh = parameters(before)
            again = make(fresh)
            again.load_state_dict(copy.deepcopy(state))
            steps(again, fresh, 2)
            out[name] = {'state': state, 'before': before, 'after': [t.detach() for t in fresh]}
        torch.save(out, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'optimState.pt'))
