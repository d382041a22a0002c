"""Writes test/data/checkpoints/more: files of real PyTorch, safetensors and gguf-py beyond the corpus, each with a .json of what it holds.

    PYTHONPATH=<gguf-py> python3 checkpoints.py <folder>      (torch 2.13, numpy, safetensors, gguf 0.19)

The json: tensors by the name the viewer gives them, with dtype, shape and values (as numbers; nan, inf and complex as text).
"""
import io, json, math, struct, sys, types, zipfile
from pathlib import Path

import numpy as np
import torch

out = Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)


def number(v):
    if isinstance(v, complex):
        return [number(v.real), number(v.imag)]
    if isinstance(v, bool):
        return int(v)
    if isinstance(v, float) and (math.isnan(v) or math.isinf(v)):
        return 'nan' if math.isnan(v) else 'inf' if v > 0 else '-inf'
    return v


def values(t):
    if t.is_quantized:
        t = t.dequantize()
    t = t.resolve_conj().resolve_neg() if t.is_complex() or t.is_neg() else t
    if t.dtype in (torch.uint16, torch.uint32, torch.uint64):
        return t.cpu().numpy().flatten().tolist()
    if t.dtype == torch.complex32:
        t = t.to(torch.complex64)
    if str(t.dtype).startswith('torch.float8'):
        t = t.float()
    return [number(v) for v in t.detach().contiguous().flatten().tolist()]


def describe(tensors):
    return {n: {'dtype': str(t.dtype).replace('torch.', ''), 'shape': list(t.shape), 'values': values(t)} for n, t in tensors.items()}


def write(name, tensors, **more):
    (out / f'{name}.json').write_text(json.dumps({'tensors': describe(tensors), **more}) + '\n')


def save(name, tensors, **options):
    torch.save(tensors, out / name, **options)
    write(name, tensors)


torch.manual_seed(0)
codes = torch.arange(256, dtype=torch.uint8)
save('float8.pt', {str(d).replace('torch.', ''): codes.view(d) for d in (torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz, torch.float8_e8m0fnu)})
z = torch.tensor([[1 + 2j, 3 - 4j], [0.5j, -1 + 0j]])
save('conj_neg.pt', {'conj': z.conj(), 'conj_t': z.conj().t(), 'neg': torch._neg_view(torch.tensor([1.0, -2.0, 0.0])), 'plain': z})
save('complex32.pt', {'c': torch.tensor([1 + 2j, -0.5 + 0.25j], dtype=torch.complex32)})
base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
save('strided.pt', {'t': base.permute(2, 0, 1), 'step': base[:, ::2, 1::2], 'expand': base[:1, :1].expand(3, 2, 4), 'flip': base.flip(0), 'half': base.half()[0].t()})
save('quantized.pt', {
    'tensor': torch.quantize_per_tensor(torch.tensor([-1.0, 0.0, 0.5, 2.0]), 0.05, 10, torch.quint8),
    'int32': torch.quantize_per_tensor(torch.tensor([-1.0, 0.0, 0.5, 2.0]), 0.001, 0, torch.qint32),
    'channel0': torch.quantize_per_channel(torch.arange(6.0).reshape(3, 2), torch.tensor([0.1, 0.2, 0.5]), torch.tensor([0, 1, 2]), 0, torch.qint8),
    'channel1': torch.quantize_per_channel(torch.arange(12.0).reshape(2, 3, 2), torch.tensor([0.1, 0.2, 0.5]), torch.tensor([0, 1, 2]), 1, torch.qint8),
})
dense = torch.tensor([[0.0, 2.0], [3.0, 0.0]])
torch.save({'csr': dense.to_sparse_csr(), 'csc': dense.to_sparse_csc(), 'bsr': dense.to_sparse_bsr((1, 1)), 'coo': dense.to_sparse().coalesce()}, out / 'sparse.pt')
write('sparse.pt', {'coo.values': torch.tensor([2.0, 3.0]), 'csr.crow_indices': torch.tensor([0, 1, 2]), 'csc.row_indices': torch.tensor([1, 0]), 'bsr.values': torch.tensor([[[2.0]], [[3.0]]])})


class Net(torch.nn.Module):
    scale: float

    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(3, 2)
        self.register_buffer('steps', torch.tensor(7))
        self.scale = 0.5
        self.names = ['a', 'b']
        self.table = {'x': 1}

    def forward(self, x):
        return self.fc(x) * self.scale + torch.tensor([1.0, 2.0])


script = torch.jit.script(Net())
torch.jit.save(script, str(out / 'script.pt'))
write('script.pt', {'fc.weight': script.fc.weight.detach(), 'steps': script.steps})
# Frozen: the weights became constants of the code.
torch.jit.save(torch.jit.freeze(script.eval()), str(out / 'frozen.pt'))
write('frozen.pt', {'constants.0': script.fc.weight.detach()})

# Big-endian: the same archive with its storages' bytes swapped.
buffer = io.BytesIO()
wide = {'f32': torch.tensor([1.0, -2.5]), 'i64': torch.tensor([1, -2]), 'bf16': torch.tensor([1.5], dtype=torch.bfloat16), 'c64': torch.tensor([1 + 2j]), 'u8': torch.tensor([1, 2, 3], dtype=torch.uint8)}
torch.save(wide, buffer)
sizes = [4, 8, 2, 4, 1]
with zipfile.ZipFile(buffer) as a, zipfile.ZipFile(out / 'big_endian.pt', 'w') as b:
    for i in a.infolist():
        data = a.read(i)
        name = i.filename.split('/', 1)[1]
        if name == 'byteorder':
            data = b'big'
        elif name.startswith('data/'):
            n = sizes[int(name[5:])]
            data = b''.join(data[k:k + n][::-1] for k in range(0, len(data), n))
        if name != '.format_version':
            b.writestr(f'archive/{name}', data)
write('big_endian.pt', wide)

# Deflated by someone who re-zipped it; names in another case; ZIP64 fields although nothing is large.
buffer = io.BytesIO()
few = {'w': torch.arange(1000, dtype=torch.float32), 'b': torch.tensor([1.0])}
torch.save(few, buffer, _use_new_zipfile_serialization=True)
def rezip(name, method, rename=lambda n: n, force=False):
    with zipfile.ZipFile(buffer) as a, zipfile.ZipFile(out / name, 'w', method) as b:
        for i in a.infolist():
            short = i.filename.split('/', 1)[1]
            if short == '.format_version':
                continue
            with b.open(zipfile.ZipInfo(f'archive/{rename(short)}') if method == zipfile.ZIP_STORED else f'archive/{rename(short)}', 'w', force_zip64=force) as f:
                f.write(a.read(i))
    write(name, few)
rezip('deflated.pt', zipfile.ZIP_DEFLATED)
rezip('other_case.pt', zipfile.ZIP_STORED, lambda n: n.upper() if n.startswith('data') else n)
rezip('zip64.pt', zipfile.ZIP_STORED, force=True)

# A whole module in the legacy format: it carries its source text.
module = types.ModuleType('mynet')
source = 'import torch\n\nclass Tiny(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.fc = torch.nn.Linear(2, 1)\n'
Path('/tmp/mynet.py').write_text(source)
sys.path.insert(0, '/tmp')
import mynet
tiny = mynet.Tiny()
torch.save(tiny, out / 'legacy_module.pt', _use_new_zipfile_serialization=False)
write('legacy_module.pt', {'fc.weight': tiny.fc.weight.detach(), 'fc.bias': tiny.fc.bias.detach()}, source='class Tiny')

from safetensors.torch import save_file
st = {'b.bf16': torch.tensor([1.5, -2], dtype=torch.bfloat16), 'a.f32': torch.arange(6.0).reshape(2, 3), 'c.f8': torch.tensor([0.5, 448.0]).to(torch.float8_e4m3fn), 'd.u16': torch.tensor([65535], dtype=torch.uint16), 'e.bool': torch.tensor([True, False])}
save_file(st, out / 'reference.safetensors', {'format': 'pt', 'note': 'by safetensors itself'})
write('reference.safetensors', st)

np.savez_compressed(out / 'compressed.npz', a=np.arange(5, dtype='>i4'), b=np.asfortranarray(np.arange(6, dtype='<f8').reshape(2, 3)), s=np.array(['x', 'yz']), t=np.array([(1, 2.0)], dtype=[('i', '<i4'), ('f', '<f4')]))
write('compressed.npz', {'a': torch.arange(5, dtype=torch.int32), 'b': torch.arange(6, dtype=torch.float64).reshape(2, 3)})

# Every quantized type that gguf-py decodes and the viewer too, over random blocks with harmless scales.
from gguf_py import gguf

rng = np.random.default_rng(0)
T = gguf.GGMLQuantizationType
halves = {'Q4_0': [0], 'Q4_1': [0, 2], 'Q5_0': [0], 'Q5_1': [0, 2], 'Q8_0': [0], 'Q2_K': [80, 82], 'Q3_K': [108], 'Q4_K': [0, 2], 'Q5_K': [0, 2], 'Q6_K': [208], 'IQ4_NL': [0], 'IQ4_XS': [0], 'TQ1_0': [52], 'TQ2_0': [64], 'MXFP4': [], 'NVFP4': []}
w = gguf.GGUFWriter(str(out / 'quants.gguf'), 'test')
w.add_array('numbers', list(range(40)))
w.add_array('words', ['a', 'é', ''])
w.add_float32('pi', 3.14159274)
want = {}
for name, at in halves.items():
    block, size = gguf.GGML_QUANT_SIZES[T[name]]
    raw = rng.integers(0, 256, (2, 2 * size), dtype=np.uint8)
    for row in raw:
        for b in range(2):
            for o in at:
                row[b * size + o:b * size + o + 2] = np.frombuffer(np.float16(rng.normal() * 0.1).tobytes(), np.uint8)
            if name == 'MXFP4':
                row[b * size] = rng.integers(110, 135)
            if name == 'NVFP4':
                row[b * size:b * size + 4] = rng.integers(0, 127, 4)
    w.add_tensor(name, raw, raw_dtype=T[name])
    v = gguf.dequantize(raw, T[name])
    want[name] = {'dtype': name, 'shape': list(v.shape), 'values': [float(x) for x in v.flatten()]}
w.write_header_to_file()
w.write_kv_data_to_file()
w.write_tensors_to_file()
w.close()
(out / 'quants.gguf.json').write_text(json.dumps({'tensors': want}) + '\n')
