"""PyTorch's side of checkpoints.mjs: one JSON job a line in, seconds out."""
import json, os, sys, time
import torch

torch.set_num_threads(int(os.environ.get('OMP_NUM_THREADS', '2')))
print(json.dumps({'torch': torch.__version__, 'threads': torch.get_num_threads()}), flush=True)
for line in sys.stdin:
    job = json.loads(line)
    start = time.perf_counter()
    if job['op'] == 'open':
        torch.load(job['file'], mmap=True, weights_only=True)
    elif job['op'] == 'stats':
        for t in torch.load(job['file'], mmap=True, weights_only=True).values():
            t.min(), t.max(), t.mean(), t.std()
    elif job['op'] == 'load':
        d = torch.load(job['file'], weights_only=True)
        del d
    elif job['op'] == 'save':
        d = torch.load(job['file'], weights_only=True)
        start = time.perf_counter()
        with open(job['to'], 'wb') as f:
            torch.save(d, f)
            f.flush()
            os.fsync(f.fileno())
        seconds = time.perf_counter() - start
        os.remove(job['to'])
        del d
        print(json.dumps(seconds), flush=True)
        continue
    print(json.dumps(time.perf_counter() - start), flush=True)
