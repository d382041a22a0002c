"""PyTorch's side of the ops fuzzer: cases on stdin, one JSON object a line; answers on stdout likewise (see ops.mjs)."""
import json, os, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'golden'))
from cases import NAMES, backward, encode, failed, run, torch


def tensor(spec):
    dtype = getattr(torch, spec['dtype'])
    wide = torch.float64 if dtype.is_floating_point else torch.int64
    flat = torch.tensor([float(v) for v in spec['data']] if dtype.is_floating_point else spec['data'], dtype=wide).to(dtype)
    return flat.as_strided(spec['shape'], spec['strides'], spec['offset'])


def answer(case):
    ins = [tensor(s) for s in case['inputs']]
    leaves = [case['grad'] and t.is_floating_point() for t in ins]
    for t, g in zip(ins, leaves):
        if g: t.requires_grad_()
    torch.manual_seed(0)
    try:
        out = run(case['py'], dict(zip(NAMES, ins)))
        r = {'out': encode(out)}
        if case['grad'] and backward(out): r['grad'] = [encode(t.grad) if g and t.grad is not None else None for t, g in zip(ins, leaves)]
        return r
    except Exception as e:
        return failed(e)


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
