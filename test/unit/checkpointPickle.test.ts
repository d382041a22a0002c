/** The pickle machine on programs of our own: bounded memory and time whatever they ask for, and nothing hidden. */
import assert from 'node:assert/strict';

import { runSync } from '../../extension/checkpoint/io';
import { readPickle } from '../../extension/checkpoint/pickle';
import { MemoryRegion } from '../../extension/checkpoint/region';
import { sparseWarnings } from '../../extension/checkpoint/sparse';
import { FileStorage, FileTensor } from '../../extension/checkpoint/tensor';
import { GlobalRef, printValue, PyDict, PyHugeInt, PyObject, SparseTensor, Tuple, type Value } from '../../extension/checkpoint/values';

/** Assembles a pickle from text and bytes. */
const program = (...parts: (string | number[] | Buffer)[]): Buffer => Buffer.concat(parts.map((p) => (typeof p === 'string' ? Buffer.from(p, 'latin1') : Buffer.from(p))));
const read = (b: Buffer): ReturnType<typeof readPickle> extends Generator<unknown, infer R> ? R : never => runSync(readPickle(b));
const many = (n: number, op: string): Buffer => Buffer.alloc(n, op, 'latin1');

describe('the pickle machine', function () {
  this.timeout(0);
  it('a set made again and again of one long list ends with an error, not with the memory', () => {
    // 100,000 items, memoized, then set(list) 10,000 times.
    const list = program(']q\x00(', many(100_000, 'N'), 'e0', 'c__builtin__\nset\nq\x010');
    const again = Buffer.concat(Array.from({ length: 10_000 }, () => Buffer.from('h\x01h\x00\x85R0', 'latin1')));
    assert.match(read(program([0x80, 2], list, again, 'N.')).error!.message, /more than 3000000 values/);
  });
  it('many empty containers end with an error', () => { assert.match(read(program(many(4_000_000, '}'), '.')).error!.message, /more than 3000000 values/); });
  it('bytes decoded again and again end with an error', () => {
    const text = program('X', [0, 0, 0x10, 0], many(1 << 20, 'a'), 'q\x000U\x06latin1q\x010c_codecs\nencode\nq\x020');
    assert.match(read(program(text, Buffer.concat(Array.from({ length: 200 }, () => Buffer.from('h\x02h\x00h\x01\x86R0', 'latin1'))), 'N.')).error!.message, /copies more bytes/);
  });
  it('a tuple that doubles 200 times prints in bounded time and makes a usable key', () => {
    const doubled = Buffer.concat(Array.from({ length: 200 }, (_, i) => Buffer.from([0x71, i, 0x68, i, 0x86]))); // BINPUT, BINGET, TUPLE2
    const r = read(program('N', doubled, '.'));
    assert.equal(r.error, undefined);
    assert.ok(printValue(r.value).length < 400);
    const d = new PyDict();
    d.set(r.value, 1);
    assert.equal(d.get(r.value), 1);
  });
  it('1, 1.0 and True are one key, and so are equal tuples; 1 and "1" are two', () => {
    const d = read(program('}(K\x01U\x01aG', [0x3f, 0xf0, 0, 0, 0, 0, 0, 0], 'U\x01b\x88U\x01cU\x011U\x01dK\x02\x85U\x01eK\x02\x85U\x01fu.')).value as PyDict;
    assert.deepEqual([...d].map(([k, v]) => [printValue(k), v]), [['1', 'c'], ['"1"', 'd'], ['(2,)', 'f']]);
  });
  it('__proto__ and constructor are ordinary keys', () => {
    const d = read(program('}(U\x09__proto__K\x01U\x0bconstructorK\x02u.')).value as PyDict;
    assert.deepEqual([...d], [['__proto__', 1], ['constructor', 2]]);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });
  it('integers: every length and sign', () => {
    const ints: [string, Value][] = [['\x8a\x00', 0], ['\x8a\x01\xff', -1], ['\x8a\x02\xff\x00', 255], ['\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80', -(2n ** 63n)], ['\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x80\x00', 2n ** 63n], ['L12345678901234567890L\n', 12345678901234567890n], ['I-7\n', -7], ['I01\n', true]];
    for (const [code, want] of ints) assert.equal(read(program(code, '.')).value, want, JSON.stringify(code));
    const huge = read(program([0x8b, 0x88, 0x13, 0, 0], many(4999, '\xff'), [0x7f], '.')).value as PyHugeInt;
    assert.deepEqual([huge.bits, huge.negative], [39_999, false]);
  });
  it('what every protocol writes is read', () => {
    const protocol0 = "(dp0\nS'a'\np1\n(lp2\nI1\naF1.5\nasV\\u00e9\np3\n(I1\nI2\ntp4\ns.";
    assert.equal(printValue(read(program(protocol0)).value), '{"a": [1, 1.5], "é": (1, 2)}');
    const protocol4 = program([0x80, 4, 0x95, 20, 0, 0, 0, 0, 0, 0, 0], '}\x94(\x8c\x01a\x94K\x01\x8c\x01b\x94(K\x01K\x02\x91\x94u.');
    assert.equal(printValue(read(protocol4).value), '{"a": 1, "b": {1, 2}}');
  });
  it('names are listed with where and with what, also before a break', () => {
    const r = read(program('cos\nsystem\nq\x000U\x08rm -rf /q\x010h\x00h\x01\x85R0', [0xff]));
    assert.match(r.error!.message, /opcode 0xff is not known/);
    assert.deepEqual([...r.globals.values()].map((g) => [g.ref.qualified, g.offset, printValue(g.args!)]), [['os.system', 0, '("rm -rf /",)']]);
  });
  it('python 2 names, INST, OBJ, NEWOBJ_EX and STACK_GLOBAL lead to the same list', () => {
    for (const code of ['c__builtin__\neval\nU\x01x\x85R.', '(U\x01xi__builtin__\neval\n.', '(c__builtin__\neval\nU\x01xo.', '\x8c\x08builtins\x8c\x04eval\x93U\x01x\x85}\x92.']) {
      const r = read(program(code));
      assert.ok(r.value instanceof PyObject);
      assert.deepEqual([...r.globals.keys()], ['builtins.eval'], code);
      assert.deepEqual((r.value.args as Tuple).items, ['x']);
    }
  });
  it('sparse tensors of a shape without dimensions are said to have indices outside (found by fuzzing)', () => {
    const one = (shape: number[]): FileTensor => new FileTensor(new FileStorage('0', 'int64', 8, new MemoryRegion(Buffer.alloc(8))), 'int64', shape, shape.map(() => 1), 0);
    const sparse = (layout: string, shape: number[], names: string[]): SparseTensor => new SparseTensor(layout, shape, names.map((n) => [n, one(n === 'values' ? [] : [1])]), new PyObject(new GlobalRef('torch._utils', '_rebuild_sparse_tensor'), new Tuple([])));
    for (const names of [['crow_indices', 'col_indices', 'values'], ['indices', 'values']]) assert.match(runSync(sparseWarnings(sparse('sparse_csr', [], names))).join(), /outside of it/);
    assert.deepEqual(runSync(sparseWarnings(sparse('sparse_coo', [3], ['indices', 'values']))), []);
  });
});
