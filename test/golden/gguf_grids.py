"""Writes extension/checkpoint/iqGrids.ts and files of the types that use them: the codebooks of ggml's IQ1, IQ2 and IQ3 types, which are data of the
GGUF format, as gguf-py (MIT, the ggml authors) unpacks them, and two rows of random blocks of each type with gguf-py's own numbers.

    PYTHONPATH=<gguf-py> python3 gguf_grids.py <repository>      (gguf 0.19, numpy)
"""
import base64, json, pathlib, sys
import numpy as np

from gguf_py import gguf
from gguf import quants

root = pathlib.Path(sys.argv[1])
lines = ['/**', " * The codebooks of ggml's IQ1, IQ2 and IQ3 block types: data of the GGUF format, as gguf-py 0.19 (MIT licence, copyright the ggml authors) unpacks them.",
         ' * Written by test/golden/gguf_grids.py. Each entry is `width` codes of four bits, low half first, in base64; a code stands for `values[code]`.', ' */',
         'export interface Grid { width: number; values: readonly number[]; codes: string }', '']
for name in ('IQ2_XXS', 'IQ2_XS', 'IQ2_S', 'IQ3_XXS', 'IQ3_S', 'IQ1_S'):
    c = getattr(quants, name)
    c.init_grid()
    grid = c.grid.reshape(c.grid_shape).astype(int)
    values = sorted(set(grid.ravel().tolist()))
    codes = np.searchsorted(values, grid).astype(np.uint8).ravel()
    text = base64.b64encode((codes[0::2] | (codes[1::2] << 4)).tobytes()).decode()
    parts = [text[i:i + 150] for i in range(0, len(text), 150)]
    lines += [f"export const {name.lower()}: Grid = {{ width: {grid.shape[1]}, values: {json.dumps(values)}, codes: ''"] + [f"  + '{p}'" for p in parts] + ['};', '']
(root / 'extension/checkpoint/iqGrids.ts').write_text('\n'.join(lines[:-1]) + '\n')

out = root / 'test/data/checkpoints/more'
rng = np.random.default_rng(1)
w = gguf.GGUFWriter(str(out / 'codebooks.gguf'), 'test')
want = {}
for name in ('IQ2_XXS', 'IQ2_XS', 'IQ2_S', 'IQ3_XXS', 'IQ3_S', 'IQ1_S', 'IQ1_M', 'Q1_0', 'Q2_0'):
    T = getattr(gguf.GGMLQuantizationType, name, None)
    if T is None or not hasattr(quants, name):
        print('gguf-py has no', name)
        continue
    block, size = gguf.GGML_QUANT_SIZES[T]
    raw = rng.integers(0, 256, (2, 2 * size), dtype=np.uint8)
    for row in raw:
        for b in range(2):
            scale = np.frombuffer(np.float16(rng.normal() * 0.1).tobytes(), np.uint8)
            if name != 'IQ1_M':
                row[b * size:b * size + 2] = scale
            else:  # the scale's four digits stand above the four groups of sub-scales
                for i, digit in enumerate((scale[0] & 15, scale[0] >> 4, scale[1] & 15, scale[1] >> 4)):
                    at = b * size + 48 + 2 * i + 1
                    row[at] = (row[at] & 15) | (int(digit) << 4)
    w.add_tensor(name, raw, raw_dtype=T)
    v = gguf.dequantize(raw, T)
    want[name] = {'dtype': name, 'shape': list(v.shape), 'values': [float(x) for x in v.flatten()]}
w.write_header_to_file()
w.write_kv_data_to_file()
w.write_tensors_to_file()
w.close()
(out / 'codebooks.gguf.json').write_text(json.dumps({'tensors': want}) + '\n')
