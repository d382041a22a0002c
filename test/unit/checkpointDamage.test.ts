/** What is said of a damaged file: where it is, what was expected there, and what its pickle asked for before. */
import assert from 'node:assert/strict';
import fs from 'node:fs';

import type { OpenedCheckpoint } from '../../extension/checkpoint/describe';
import { CheckpointError } from '../../extension/checkpoint/errors';
import { openCheckpoint } from '../../extension/checkpoint/registry';
import { corpus, scratch } from './checkpointData';

describe('damaged checkpoints', () => {
  const dir = scratch();
  after(() => dir.remove());
  const written = (name: string, bytes: Buffer): string => { const file = dir.file(name); fs.writeFileSync(file, bytes); return file; };
  const opened = (file: string): OpenedCheckpoint => { const o = openCheckpoint(file); o.close(); return o; };
  const thrown = (file: string): CheckpointError => { try { opened(file); } catch (e) { if (e instanceof CheckpointError) return e; throw e; } throw new Error(`${file} opened`); };

  it('an archive cut short: its pickle is read by its local header, its tensors are listed without values', () => {
    const good = fs.readFileSync(corpus('ok/n_12_storages.pt'));
    const whole = opened(corpus('ok/n_12_storages.pt')).info;
    const { info, tensors } = opened(written('cut.pt', good.subarray(0, good.length * 0.7)));
    assert.match(info.error!, /cut short: there is no zip directory/);
    assert.equal(info.damage!.offset, info.fileBytes);
    assert.match(info.damage!.expected, /zip archive of one folder/);
    assert.deepEqual(info.tensors.map((t) => [t.name, t.dtype, t.shape]), whole.tensors.map((t) => [t.name, t.dtype, t.shape]));
    assert.deepEqual(info.globals, whole.globals);
    assert.match([...tensors.values()][0]!.problem!, /its bytes cannot be found/);
  });

  it('a payload in an archive without a directory is in the audit', () => {
    const good = fs.readFileSync(corpus('hostile/mal_reduce_os_system.pt'));
    const { info } = opened(written('evil.pt', good.subarray(0, good.lastIndexOf('PK\x01\x02'))));
    assert.ok(info.error !== undefined);
    assert.deepEqual(info.globals.filter((g) => g.class === 'dangerous').map((g) => g.name), ['os.system']);
  });

  it('both pickles of an archive that has two under one name are in the audit', () => {
    const records = (file: string): Buffer => { const b = fs.readFileSync(corpus(file)); return b.subarray(0, b.indexOf('PK\x01\x02')); };
    const { info } = opened(written('two.pt', Buffer.concat([records('ok/h_minimal.pt'), records('hostile/mal_reduce_os_system.pt')])));
    assert.deepEqual(info.globals.map((g) => g.name).filter((n) => n === 'os.system' || n === 'torch._utils._rebuild_tensor_v2').sort(), ['os.system', 'torch._utils._rebuild_tensor_v2']);
  });

  it('the byte where a pickle breaks is one of the file, also inside an archive; what it asked for before is kept', () => {
    const { info } = opened(corpus('hostile/mal_payload_then_garbage.pt'));
    const bytes = fs.readFileSync(corpus('hostile/mal_payload_then_garbage.pt'));
    const { offset, start, bytes: around } = info.damage!;
    assert.match(info.error!, /opcode 0x([0-9a-f]{2}) is not known/);
    assert.equal(bytes[offset!], parseInt(/opcode 0x(..)/.exec(info.error!)![1]!, 16));
    assert.equal(around, bytes.subarray(start, start! + around!.length / 2).toString('hex'));
    assert.ok(info.globals.some((g) => g.class === 'dangerous'));
  });

  it('a safetensors file cut short lists every tensor and reads those that are there', () => {
    const good = fs.readFileSync(corpus('ok/st_dtypes.safetensors'));
    const whole = opened(corpus('ok/st_dtypes.safetensors')).info;
    const { info } = opened(written('cut.safetensors', good.subarray(0, good.length - 5)));
    assert.match(info.error!, /the tensors end at byte \d+, but the file has \d+ bytes: it is cut short/);
    assert.equal(info.damage!.offset, good.length - 5);
    assert.equal(info.tensors.length, whole.tensors.length);
    assert.ok(info.tensors.some((t) => t.problem === undefined) && info.tensors.some((t) => /ends at byte/.test(t.problem ?? '')));
  });

  it('a byte that makes a header no JSON is found, behind characters of several bytes too', () => {
    const header = '{"größe":{"dtype":"F32","shape":[1],"data_offsets":[0,4]};}';
    const json = Buffer.from(header);
    const file = written('json.safetensors', Buffer.concat([Buffer.from(new BigUint64Array([BigInt(json.length)]).buffer), json, Buffer.alloc(4)]));
    const { damage, message } = thrown(file);
    assert.match(message, /not valid JSON: ',' or '}' is missing/);
    assert.equal(damage!.offset, 8 + json.indexOf(';'));
  });

  it('an index without its shard: of the tensors in it nothing is counted', () => {
    const { description, error, parameters, tensors } = opened(corpus('hostile/sharded/missing.safetensors.index.json')).info;
    assert.deepEqual([description, error, parameters, tensors[0]!.problem], ['1 shard', "the shard 'nope.safetensors' is missing", 0, "the shard 'nope.safetensors' is missing"]);
  });
});
