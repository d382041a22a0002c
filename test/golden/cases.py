"""Golden values of the case table, from real PyTorch (see test/cases/table.ts).

`npm run golden` runs it: rows come on stdin, one JSON object a line, answers go to stdout likewise.
"""
import base64, json, math, struct, sys, warnings
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.nn.init as init
import torch.optim as optim
import torch.utils.data as data

warnings.simplefilter('ignore')
torch.set_num_threads(1)
NAMES = 'xyzwvu'


def tensor(spec):
    """From {shape, dtype, data: base64 of float64 values}."""
    raw = base64.b64decode(spec['data'])
    values = torch.tensor(struct.unpack(f'<{len(raw) // 8}d', raw), dtype=torch.float64)
    return values.reshape(spec['shape']).to(getattr(torch, spec['dtype']))


def encode(v):
    """A tensor as 'dtype shape base64', other values as JSON with floats spelled out."""
    if isinstance(v, torch.Tensor):
        t = v.detach().contiguous().cpu()
        if t.dtype == torch.bool: t8 = t.to(torch.uint8)
        elif t.dtype in (torch.float16, torch.bfloat16): t8 = t.view(torch.int16)
        else: t8 = t
        return f"{str(t.dtype)[6:]} {','.join(map(str, t.shape))} {base64.b64encode(t8.numpy(force=True).tobytes()).decode()}"
    if isinstance(v, torch.Size): return [encode(x) for x in v]
    if isinstance(v, dict): return [encode(x) for x in v.values()]
    if isinstance(v, (tuple, list)): return [encode(x) for x in v]
    if isinstance(v, float): return {'f': repr(v)}
    if isinstance(v, torch.dtype): return {'s': str(v)}
    if isinstance(v, str): return {'s': v}
    return v


def tensors(v):
    if isinstance(v, torch.Tensor): return [v]
    if isinstance(v, dict): return [t for x in v.values() for t in tensors(x)]
    if isinstance(v, (tuple, list)): return [t for x in v for t in tensors(x)]
    return []


def weights(t):
    """What an output is multiplied with before it is summed for backward; never zero."""
    n = torch.arange(t.numel(), dtype=torch.float64)
    return (((n * 7) % 11 - 5.5) / 4).to(t.dtype).reshape(t.shape)


def run(code, env):
    env = {**globals(), **env}
    try:
        return eval(compile(code, 'row', 'eval'), env)
    except SyntaxError:
        exec(compile(code, 'row', 'exec'), env)
        return env['out']


def backward(out):
    outs = [t for t in tensors(out) if t.requires_grad]
    if not outs: return False
    torch.autograd.backward(outs, [weights(t) for t in outs])
    return True


def failed(e):
    # LinAlgError's own name has an underscore.
    return {'error': f'{type(e).__name__.lstrip("_")}: {e}'}


def op(row, variant):
    ins = [tensor(s) for s in variant['inputs']]
    leaves = [t.is_floating_point() and variant['grad'] for t in ins]
    for t, g in zip(ins, leaves):
        if g: t.requires_grad_()
    torch.manual_seed(0)
    out = run(row['py'], dict(zip(NAMES, ins)))
    answer = {'out': encode(out)}
    fn = [type(t.grad_fn).__name__ if t.grad_fn is not None else None for t in tensors(out)]
    if any(fn): answer['fn'] = fn
    if variant['grad'] and backward(out):
        answer['grad'] = [encode(t.grad) if g and t.grad is not None else None for t, g in zip(ins, leaves)]
    return answer


def module(row, variant):
    make, _, call = row['py'].partition(' ;; ')
    answer = {}
    for mode in ('train', 'eval'):
        torch.manual_seed(0)
        m = run(make, {})
        m.train(mode == 'train')
        wide = variant['name'] == 'float64'
        if wide: m.double()
        ins = [tensor(s) for s in variant['inputs']]
        leaves = [t.is_floating_point() and variant['grad'] for t in ins]
        for t, g in zip(ins, leaves):
            if g: t.requires_grad_()
        if mode == 'train' and not wide:
            answer['repr'] = repr(m)
            answer['state'] = {k: encode(v) for k, v in m.state_dict().items()}
        torch.manual_seed(1)
        out = run(call, {'m': m, **dict(zip(NAMES, ins))}) if call else m(*ins)
        answer[mode] = {'out': encode(out)}
        if variant['grad'] and backward(out):
            answer[mode]['grad'] = [encode(t.grad) if g and t.grad is not None else None for t, g in zip(ins, leaves)]
            answer[mode]['params'] = {k: encode(p.grad) if p.grad is not None else None for k, p in m.named_parameters()}
        buffers = {k: encode(b) for k, b in m.named_buffers()}
        if buffers: answer[mode]['buffers'] = buffers
    return answer


def answer(row):
    if row['kind'] in ('op', 'module'):
        out = {}
        for v in row['variants']:
            try:
                out[v['name']] = (op if row['kind'] == 'op' else module)(row, v)
            except Exception as e:
                out[v['name']] = failed(e)
        return out
    torch.manual_seed(0)
    try:
        return {'out': encode(run(row['py'], {}))}
    except Exception as e:
        if row['kind'] == 'error': return failed(e)
        raise


if __name__ == '__main__':
    if torch.__version__.split('+')[0].split('.')[:2] != ['2', '13']:
        print(f'warning: the golden values come from PyTorch 2.13, this is {torch.__version__}', file=sys.stderr)
    for line in sys.stdin:
        row = json.loads(line)
        try:
            print(json.dumps(answer(row), separators=(',', ':')), flush=True)
        except Exception as e:
            print(json.dumps({'failed': f'{type(e).__name__}: {e}'}), flush=True)
