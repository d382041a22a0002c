"""The PyTorch side of media/samples/{lenet,resnet,lstm,gpt}.ts: the same programs, line by line.
Writes ports.json: a hash of the initial weights' bits and the first 20 losses of each.
Run with PyTorch 2.13 (CPU): python test/golden/ports.py"""
import hashlib, json, math, pathlib
import torch
from torch import nn
from torch.nn import functional as F

HERE = pathlib.Path(__file__).parent
TEXT = (HERE / '../../media/samples/sonnet.txt').read_text()


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2, 2),
            nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2, 2))
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10))

    def forward(self, x):
        return self.classifier(self.features(x))


class Block(nn.Module):
    def __init__(self, cin, cout, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.shortcut = nn.Sequential()
        if stride != 1 or cin != cout:
            self.shortcut = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class ResNet(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU())
        self.blocks = nn.Sequential(Block(16, 16), Block(16, 32, 2), Block(32, 64, 2))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(64, classes)

    def forward(self, x):
        return self.head(torch.flatten(self.pool(self.blocks(self.stem(x))), 1))


class CharLstm(nn.Module):
    def __init__(self, vocabulary, embedding=32, hidden=64, layers=2):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, embedding)
        self.lstm = nn.LSTM(embedding, hidden, layers, batch_first=True)
        self.head = nn.Linear(hidden, vocabulary)

    def forward(self, ids):
        y, _ = self.lstm(self.embed(ids))
        return self.head(y)


def start_small(m):
    if isinstance(m, (nn.Linear, nn.Embedding)):
        nn.init.normal_(m.weight, std=0.02)
    if isinstance(m, nn.Linear) and m.bias is not None:
        nn.init.zeros_(m.bias)


class GptBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.ln1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.ln2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def attention(self, x):
        b, t, c = x.size()
        q, k, v = self.qkv(x).chunk(3, -1)
        split = lambda y: y.view(b, t, self.heads, c // self.heads).transpose(1, 2)
        y = F.scaled_dot_product_attention(split(q), split(k), split(v), is_causal=True)
        return self.proj(y.transpose(1, 2).reshape(b, t, c))

    def forward(self, x):
        x = x + self.attention(self.ln1(x))
        return x + self.mlp(self.ln2(x))


class Gpt(nn.Module):
    def __init__(self, vocabulary, context=32, width=64, heads=4, layers=2):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(context, width)
        self.blocks = nn.ModuleList([GptBlock(width, heads) for _ in range(layers)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)
        self.head.weight = self.tokens.weight
        self.apply(start_small)

    def forward(self, ids):
        x = self.tokens(ids) + self.positions(torch.arange(ids.size(1)))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def image_batches(channels, size):
    """Ten fixed patterns, seen through noise."""
    patterns = torch.randn(10, channels, size, size)
    def batch(n):
        y = torch.randint(0, 10, (n,))
        return patterns[y] + torch.randn(n, channels, size, size), y
    return batch


def text_batches(text, length):
    letters = sorted(set(text))
    ids = torch.tensor([letters.index(c) for c in text])
    def batch(n):
        at = torch.randint(0, len(ids) - length, (n,))
        window = at.unsqueeze(1) + torch.arange(length + 1)
        w = ids[window]
        return w[:, :-1], w[:, 1:]
    return len(letters), batch


def fit(net, optimizer, batch, size, steps=20):
    losses = []
    for _ in range(steps):
        x, y = batch(size)
        optimizer.zero_grad()
        out = net(x)
        loss = F.cross_entropy(out.reshape(-1, out.size(-1)), y.reshape(-1))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def bits(net):
    h = hashlib.sha256()
    for p in net.parameters():
        h.update(p.detach().numpy().tobytes())
    return h.hexdigest()


def port(make):
    torch.manual_seed(0)
    net, optimizer, batch, size = make()
    return {'weights': bits(net), 'names': [n for n, _ in net.named_parameters()], 'losses': fit(net, optimizer(net.parameters()), batch, size)}


def lenet():
    return LeNet(), lambda p: torch.optim.Adam(p, lr=0.002), image_batches(1, 28), 32

def resnet():
    return ResNet(), lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9, weight_decay=5e-4), image_batches(3, 32), 16

def lstm():
    vocabulary, batch = text_batches(TEXT, 32)
    return CharLstm(vocabulary), lambda p: torch.optim.Adam(p, lr=0.01), batch, 16

def gpt():
    vocabulary, batch = text_batches(TEXT, 32)
    return Gpt(vocabulary), lambda p: torch.optim.AdamW(p, lr=0.003), batch, 16


if __name__ == '__main__':
    torch.set_num_threads(1)
    out = {f.__name__: port(f) for f in (lenet, resnet, lstm, gpt)}
    (HERE / 'ports.json').write_text(json.dumps(out, indent=1) + '\n')
    for name, r in out.items():
        print(name, r['losses'][0], r['losses'][-1])
