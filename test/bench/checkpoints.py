"""PyTorch's side of checkpoints.mjs: one job (JSON) as argument, in a process of its own; prints {ms, mb: growth of the peak of memory}."""
import json, os, sys, time
import torch

torch.set_num_threads(int(os.environ.get('OMP_NUM_THREADS', '2')))
job = json.loads(sys.argv[1])
op, file = job['op'], job['file']


def memory(key):
    with open('/proc/self/status') as f:
        return next((int(line.split()[1]) / 1000 for line in f if line.startswith(key + ':')), 0.0)


state = torch.load(file, weights_only=True) if op == 'save' else None
try:
    with open('/proc/self/clear_refs', 'w') as f:
        f.write('5')
except OSError:
    pass  # the peak then counts from the start
before = memory('VmRSS')
start = time.perf_counter()
if op == 'open':
    kept = torch.load(file, mmap=True, weights_only=True)
elif op == 'stats':
    for t in torch.load(file, mmap=True, weights_only=True).values():
        t.min(), t.max(), t.mean(), t.std()
elif op == 'load':
    kept = torch.load(file, weights_only=True)
elif op == 'save':
    with open(job['to'], 'wb') as f:
        torch.save(state, f)
        f.flush()
        os.fsync(f.fileno())
ms = (time.perf_counter() - start) * 1000
print(json.dumps({'ms': ms, 'mb': max(0.0, memory('VmHWM') - before)}))
if 'to' in job:
    os.remove(job['to'])
