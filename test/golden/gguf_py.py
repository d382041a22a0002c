"""gguf-py (MIT, the ggml authors) without what its import wants and the goldens do not use: `from gguf_py import gguf`."""
import sys, types

for n in ('yaml', 'tqdm', 'requests', 'sentencepiece'):
    try:
        __import__(n)
    except ImportError:
        m = types.ModuleType(n)
        m.tqdm = None
        sys.modules[n] = m
import gguf
