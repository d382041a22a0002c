/** The channel between host and webview: everything settles, whatever happens to either end. */
import assert from 'node:assert/strict';

import { Channel, ChannelError, isCancelled } from '../../extension/protocol/channel';
import { notification, request } from '../../extension/protocol/rpc';

const Add = request<{ a: number; b: number }, number>('add');
const Fail = request<null, null>('fail');
const Never = request<null, null>('never');
const Tick = notification<number>('tick');

/** Two ends joined by a transport that, as postMessage does, copies and delivers later. */
function pair(session = 's1'): { host: Channel; web: Channel; newLife(s: string): Channel } {
  const later = (f: (m: unknown) => void) => (m: unknown) => void Promise.resolve().then(() => f(structuredClone(m)));
  let web: Channel;
  const host = new Channel(later((m) => web.receive(m)));
  const make = (s: string): Channel => (web = new Channel(later((m) => host.receive(m)), s));
  web = make(session);
  return { host, web, newLife: make };
}
const settled = (): Promise<void> => new Promise((r) => setTimeout(r, 5));

describe('webview channel', () => {
  it('answers, and rejects with everything the handler said', async () => {
    const { host, web } = pair();
    host.handle(Add, ({ a, b }) => a + b);
    host.handle(Fail, () => { throw Object.assign(new Error('no'), { info: { kind: 'file', name: 'ValueError', message: 'file is cut at byte 7' } }); });
    assert.equal(await web.request(Add, { a: 2, b: 3 }), 5);
    await assert.rejects(web.request(Fail, null), (e: ChannelError) => e.info.kind === 'file' && e.name === 'ValueError' && e.message === 'file is cut at byte 7');
  });

  it('rejects a request nobody handles', async () => {
    const { web } = pair();
    await assert.rejects(web.request(Add, { a: 1, b: 1 }), /Nobody answers 'add'/);
  });

  it('cancels: the caller knows at once, the handler is told, the late answer is dropped', async () => {
    const { host, web } = pair();
    let told = false;
    let finish: ((v: null) => void) | undefined;
    host.handle(Never, (_p, signal) => new Promise((r) => { finish = r; signal.addEventListener('abort', () => { told = true; }); }));
    const abort = new AbortController();
    const waiting = web.request(Never, null, abort.signal);
    await settled();
    abort.abort();
    await assert.rejects(waiting, isCancelled);
    await settled();
    assert.equal(told, true);
    finish!(null);
    await settled();
    await assert.rejects(web.request(Add, { a: 1, b: 1 }), /Nobody answers/, 'the channel still works');
  });

  it('does not send a request that is cancelled already', async () => {
    const { host, web } = pair();
    let asked = 0;
    host.handle(Never, () => { asked++; return null; });
    await assert.rejects(web.request(Never, null, AbortSignal.abort()), isCancelled);
    await settled();
    assert.equal(asked, 0);
  });

  it('settles everything when an end closes', async () => {
    const { host, web } = pair();
    let told = false;
    host.handle(Never, (_p, signal) => new Promise(() => signal.addEventListener('abort', () => { told = true; })));
    const waiting = web.request(Never, null);
    await settled();
    web.close('gone');
    await assert.rejects(waiting, /gone/);
    await assert.rejects(web.request(Never, null), /gone/);
    host.close();
    assert.equal(told, true);
  });

  it('cancels the work of an earlier life and keeps its answers from the next', async () => {
    const { host, web, newLife } = pair('first');
    let told = 0;
    let finish: ((v: null) => void) | undefined;
    host.handle(Never, (_p, signal) => new Promise((r) => { finish = r; signal.addEventListener('abort', () => { told++; }); }));
    host.handle(Add, ({ a, b }) => a + b);
    void web.request(Never, null).catch(() => undefined);
    await settled();
    const second = newLife('second');
    // Same id as the request of the first life.
    const answer = second.request(Add, { a: 4, b: 4 });
    finish!(null);
    assert.equal(await answer, 8);
    assert.equal(told, 1);
  });

  it('delivers notifications both ways until told to stop, and ignores what is not its own', async () => {
    const { host, web } = pair();
    const seen: number[] = [];
    const stop = host.on(Tick, (n) => seen.push(n));
    web.notify(Tick, 1);
    await settled();
    host.receive('text');
    host.receive({ kind: 'notify', method: 'tick', params: 9 });
    stop();
    web.notify(Tick, 2);
    await settled();
    assert.deepEqual(seen, [1]);
    const back: number[] = [];
    web.on(Tick, (n) => back.push(n));
    host.notify(Tick, 3);
    await settled();
    assert.deepEqual(back, [3]);
  });
});
