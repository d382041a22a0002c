/** The filter language of the tensor list. Words are joined by "and"; pure. */
import type { TensorInfo } from '../../extension/protocol/checkpoint';
import { shortDtype } from '../shared/format';

export interface Filter { test: (x: TensorInfo) => boolean; problem: string | undefined }

const units: Record<string, number> = { '': 1, b: 1, k: 1e3, kb: 1e3, m: 1e6, mb: 1e6, g: 1e9, gb: 1e9 };

/** Text (in the name), /regex/, dtype:f32, shape:768 (any dimension) or shape:3x3 (the last ones), >1MB, <10k. */
export function makeFilter(text: string): Filter {
  const tests: ((x: TensorInfo) => boolean)[] = [];
  let problem: string | undefined;
  for (const word of text.trim().match(/\/(?:\\.|[^/])+\/?|\S+/g) ?? []) {
    const size = /^([<>])(\d+(?:\.\d+)?)([kmg]?b?)$/i.exec(word);
    if (word.startsWith('/')) {
      try {
        const r = new RegExp(word.replace(/^\/|\/$/g, ''), 'i');
        tests.push((x) => r.test(x.name));
      } catch (e) {
        problem = (e as Error).message;
      }
    } else if (size !== null) {
      const limit = Number(size[2]) * units[size[3]!.toLowerCase()]!;
      tests.push((x) => (size[1] === '>' ? x.bytes > limit : x.bytes < limit));
    } else if (/^dtype:/i.test(word)) {
      const d = word.slice(6).toLowerCase();
      tests.push((x) => x.dtype.toLowerCase() === d || shortDtype(x.dtype) === d);
    } else if (/^shape:/i.test(word)) {
      const dims = word.slice(6).split(/[x×,]/).filter(Boolean).map(Number);
      tests.push((x) => (dims.length === 1 ? x.shape.includes(dims[0]!) : dims.length > 0 && dims.every((d, i) => x.shape.at(i - dims.length) === d)));
    } else {
      const w = word.toLowerCase();
      tests.push((x) => x.name.toLowerCase().includes(w));
    }
  }
  return { test: (x) => tests.every((f) => f(x)), problem };
}
