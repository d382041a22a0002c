"""PyTorch's side of the bench: reads {"row", "ms"} lines, answers with the mean time of a step. See .build/bench.mjs."""
import json
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(int(sys.argv[1]))


def step_of(model, optimizer, loss):
    def step():
        optimizer.zero_grad()
        loss(model).backward()
        optimizer.step()
    return step


def mlp():
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))


def mlp_step(batch, optimizer):
    model = mlp()
    x, y = torch.rand(batch, 784), torch.randint(0, 10, (batch,))
    return step_of(model, optimizer(model.parameters()), lambda m: F.cross_entropy(m(x), y))


def mlp_forward(batch):
    model, x = mlp(), torch.rand(batch, 784)

    def step():
        with torch.no_grad():
            model(x)
    return step


def cnn():
    model = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 7 * 7, 10))
    x, y = torch.rand(32, 1, 28, 28), torch.randint(0, 10, (32,))
    return step_of(model, torch.optim.SGD(model.parameters(), lr=0.01), lambda m: F.cross_entropy(m(x), y))


def transformer():
    model = nn.TransformerEncoderLayer(128, 4, 512, dropout=0.0, batch_first=True)
    x = torch.rand(8, 64, 128)
    return step_of(model, torch.optim.AdamW(model.parameters(), lr=1e-6), lambda m: m(x).square().mean())


def lstm():
    model = nn.LSTM(64, 128, batch_first=True)
    x = torch.rand(16, 32, 64)
    return step_of(model, torch.optim.SGD(model.parameters(), lr=0.01), lambda m: m(x)[0].square().mean())


def elementwise(f):
    a, b = torch.rand(1_000_000), torch.rand(1_000_000)
    return lambda: f(a, b)


def matmul():
    a, b = torch.rand(1024, 1024), torch.rand(1024, 1024)
    return lambda: a @ b


def sgd(p): return torch.optim.SGD(p, lr=0.01)
# So small for the reason in weightroom.ts.
def adam(p): return torch.optim.Adam(p, lr=1e-6)


works = {
    **{f'mlp-sgd-{b}': (lambda b=b: mlp_step(b, sgd)) for b in (1, 32, 256)},
    **{f'mlp-adam-{b}': (lambda b=b: mlp_step(b, adam)) for b in (1, 32, 256)},
    **{f'mlp-forward-{b}': (lambda b=b: mlp_forward(b)) for b in (1, 256)},
    'cnn': cnn, 'transformer': transformer, 'lstm': lstm,
    'exp-1m': lambda: elementwise(lambda a, b: a.exp()),
    'add-1m': lambda: elementwise(lambda a, b: a + b),
    'sum-1m': lambda: elementwise(lambda a, b: a.sum()),
    'matmul-1024': matmul,
}


def layer(make):
    """Of layers.mjs."""
    f = eval(make['py'])
    xs = [torch.randint(0, i['high'], i['shape']) if 'high' in i else torch.randn(i['shape'], dtype=getattr(torch, i.get('dtype', 'float32')), requires_grad=True) for i in make['inputs']]

    def run():
        y = f(*xs)
        return y[0] if isinstance(y, tuple) else y

    def forward():
        with torch.no_grad():
            run()
    if not make['backward']:
        return forward
    gradient, leaves = torch.randn_like(run()), [*xs, *(f.parameters() if isinstance(f, nn.Module) else ())]

    def step():
        run().backward(gradient)
        for t in leaves:
            t.grad = None
    return step


def resident(field):
    with open('/proc/self/status') as f:
        return next((int(line.split()[1]) for line in f if line.startswith(field)), 0)


ready = {}
print(json.dumps({'name': f'PyTorch {torch.__version__}', 'threads': torch.get_num_threads()}), flush=True)
for line in sys.stdin:
    job = json.loads(line)
    row = job['row']
    if job.get('memory'):
        with open('/proc/self/clear_refs', 'w') as f:
            f.write('5')  # the peak starts again at what is resident now
        before = resident('VmRSS')
        step = works[row]()
        for _ in range(50):
            step()
        print(json.dumps({'kb': resident('VmHWM') - before}), flush=True)
        continue
    if row not in ready:
        ready[row] = layer(job['make']) if 'make' in job else works[row]()
        ready[row]()  # imports the compiler
        end = time.perf_counter() + 0.3
        while time.perf_counter() < end:
            ready[row]()
    step, n, start = ready[row], 0, time.perf_counter()
    end = start + job['ms'] / 1000
    while True:
        step()
        n += 1
        now = time.perf_counter()
        if now >= end:
            break
    print(json.dumps({'us': (now - start) / n * 1e6}), flush=True)
