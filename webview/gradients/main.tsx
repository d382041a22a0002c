/** The gradient inspector's page: what the host says is new is asked for once, drawn, and only then asked for again. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { EngineTrouble, FrameReady, GetFrame, GetPin, GetState, PickModel, PickParameter, RunCommand, SetPin, SetSampling, StateChanged, type Frame, type PanelState, type Pinned, type PinSlot } from '../../extension/protocol/gradientsPanel';
import type { GradientReport, Num } from '../../extension/protocol/model';
import type { ErrorInfo } from '../../extension/protocol/rpc';
import { formatCount, formatNumber } from '../shared/format';
import { host } from '../shared/host';
import { Icon } from '../shared/icons';
import { usePageKey } from '../shared/keys';
import { t } from '../shared/l10n';
import { Banner, Busy, mount, Notice } from '../shared/page';
import { Plot } from '../shared/plot';
import { Split } from '../shared/split';
import { message, usePersisted } from '../shared/state';
import { Button, Dropdown, IconButton } from '../shared/toolkit';
import { Detail, type Pins } from './detail';
import { Flow } from './flow';

const BINS = 64;

/** The panel's state as the host has it; null until it has answered. */
function usePanelState(): PanelState | null {
  const [state, set] = useState<PanelState | null>(null);
  useEffect(() => {
    const off = host.on(StateChanged, set);
    host.request(GetState, null).then(set, () => undefined);
    return off;
  }, []);
  return state;
}

/** The pins of a model, fetched when the host says that they changed. */
function usePins(state: PanelState | null): Pins {
  const [pins, set] = useState<Pins>({ a: null, b: null });
  for (const slot of ['a', 'b'] as const) {
    useEffect(() => {
      if (state === null || (state.pinned[slot] === null && pins[slot] === null)) return;
      host.request(GetPin, { slot }).then((pin) => set((p) => ({ ...p, [slot]: pin })), () => undefined);
    }, [state?.pinned[slot]]);
  }
  const own = (p: Pinned | null): Pinned | null => (p?.report.model === state?.model ? p : null);
  return { a: own(pins.a), b: own(pins.b) };
}

/** The newest frame of a model: never two questions at once, the last piece of news is never missed. */
function useFrame(model: string | null, name: string | null, text: boolean): { frame: Frame | null; error: string | null } {
  const [answer, set] = useState<{ frame: Frame | null; error: string | null }>({ frame: null, error: null });
  const work = useRef({ asking: false, again: false, model, name, text });
  work.current.model = model;
  work.current.name = name;
  work.current.text = text;
  const ask = (): void => {
    const w = work.current;
    if (w.model === null) { set({ frame: null, error: null }); return; }
    if (w.asking) { w.again = true; return; }
    w.asking = true;
    const asked = { model: w.model, name: w.name, text: w.text };
    host.request(GetFrame, { ...asked, bins: BINS }).then(
      (frame) => { if (w.model === asked.model) set({ frame, error: null }); },
      (e: unknown) => { if (w.model === asked.model) set({ frame: null, error: message(e) }); },
    ).finally(() => {
      w.asking = false;
      if (w.again) { w.again = false; requestAnimationFrame(ask); }
    });
  };
  useEffect(() => host.on(FrameReady, ({ model: id }) => { if (id === null || id === work.current.model) ask(); }), []);
  useEffect(ask, [model, name, text]);
  return answer;
}

function Page(): JSX.Element {
  const state = usePanelState();
  const [own, setOwn] = usePersisted<string | null>('parameter', null);
  const [trouble, setTrouble] = useState<ErrorInfo | null>(null);
  useEffect(() => host.on(EngineTrouble, setTrouble), []);
  const model = state?.model ?? null;
  const path = state?.path ?? '';
  // The tree's selection decides; on a module its first parameter, unless the one chosen here lies below it.
  const wanted = own !== null && (path === '' || own === path || own.startsWith(`${path}.`)) ? own : null;
  const [rows, setRows] = useState<string[]>([]);
  const name = wanted !== null && rows.includes(wanted) ? wanted : rows.find((r) => r === path || path === '' || r.startsWith(`${path}.`)) ?? rows[0] ?? null;
  const { a, b } = usePins(state);
  const [printed, setPrinted] = usePersisted('printed', false);
  const { frame, error } = useFrame(model, name, printed);
  useEffect(() => {
    const names = frame?.report.rows.map((r) => r.name) ?? [];
    if (names.join('\n') !== rows.join('\n')) setRows(names);
  }, [frame]);

  const sampling = (every: number, paused: boolean): void => { host.request(SetSampling, { every, paused }).catch(() => undefined); };
  const setPin = (slot: PinSlot, set: boolean): void => { if (model !== null) host.request(SetPin, { slot, model, set }).catch(() => undefined); };
  usePageKey('p', () => { if (state !== null) sampling(state.every, !state.paused); });
  usePageKey('a', () => { if (state !== null) setPin('a', a === null); });

  if (state === null) return <Busy text={t('Asking the editor…')} />;
  const crash = trouble === null ? null : <Banner kind="error">{trouble.message}</Banner>;
  if (model === null) return <>{crash}<Empty trusted={state.trusted} /></>;
  const run = (command: 'backward' | 'train' | 'interrupt'): void => { host.request(RunCommand, { command, model }).catch(() => undefined); };
  const pick = (n: string, open: boolean): void => {
    setOwn(n);
    host.request(PickParameter, { model, path: n, open }).catch(() => undefined);
  };
  // B is what is held, else what is now.
  const report = b?.report ?? frame?.report;
  return (
    <>
      {crash}
      <Strip state={state} model={model} frame={frame} report={report} a={a} b={b} run={run} sampling={sampling} setPin={setPin} onFirst={(n) => pick(n, false)} />
      {error !== null ? <Banner kind="error">{error}</Banner> : null}
      {frame === null || report === undefined ? (error === null ? <Busy text={t('Reading gradients…')} /> : null) : (
        <Split stateKey="split" initial={0.52} narrow={620}
          first={<Flow report={report} a={a?.report ?? null} selected={name} onPick={pick} />}
          second={name === null ? <Notice icon="tensor" title={t('This model has no parameters.')} /> : <Detail frame={b === null ? frame : { ...frame, report: b.report }} name={name} pins={{ a, b }} printed={printed} onPrinted={setPrinted} onBackward={() => run('backward')} />} />
      )}
    </>
  );
}

function Empty({ trusted }: { trusted: boolean }): JSX.Element {
  if (!trusted) return <Notice icon="lock" title={t('Models run only in a trusted workspace.')}>{t('Checkpoints can still be viewed.')}</Notice>;
  const run = (command: 'runFile' | 'openSample'): void => { host.request(RunCommand, { command, model: null }).catch(() => undefined); };
  return (
    <Notice icon="chart" title={t('No live model yet.')} actions={<><Button primary onClick={() => run('runFile')}>{t('Run Model File')}</Button><Button onClick={() => run('openSample')}>{t('Open a Sample')}</Button></>}>
      {t('Run a file that imports weightroom; its gradients show here.')}
    </Notice>
  );
}

interface StripProps {
  state: PanelState;
  model: string;
  frame: Frame | null;
  report: GradientReport | undefined;
  a: Pinned | null;
  b: Pinned | null;
  run: (c: 'interrupt') => void;
  sampling: (every: number, paused: boolean) => void;
  setPin: (slot: PinSlot, set: boolean) => void;
  onFirst: (name: string) => void;
}

function Strip({ state, model, frame, report: r, a, b, run, sampling, setPin, onFirst }: StripProps): JSX.Element {
  const own = state.models.find((m) => m.id === model);
  const history = frame?.history;
  const first = r?.firstNonFinite ?? null;
  return (
    <header class="strip">
      {state.models.length > 1 ? <Dropdown label={t('Model')} value={model} options={state.models.map((m) => ({ value: m.id, label: `${m.name} · ${m.type}` }))} onChange={(id) => void host.request(PickModel, { model: id }).catch(() => undefined)} /> : <span class="model" title={own?.file}><strong>{own?.name}</strong> <span class="dim">{own?.type}</span></span>}
      <Fact label={t('step')} value={r === undefined || r.step === 0 ? '–' : formatCount(r.step)} />
      <Fact label={t('loss')} value={r?.loss == null ? '–' : formatNumber(Number(r.loss))} steps={history?.step} line={history?.loss} />
      <Fact label={t('global norm')} value={r === undefined || r.rows.every((x) => x.grad === null) ? '–' : formatNumber(Number(r.globalNorm))} steps={history?.step} line={history?.globalNorm} />
      {first === null ? null : <button type="button" class="chip error" title={t('Show it')} onClick={() => onFirst(first)}><Icon name="warning" /> {t('first NaN or Inf: {0}', first)}</button>}
      <span class="grow" />
      <span class="toolbar">
        {a === null ? <IconButton icon="pin" title={t('Pin this step as A, to compare with (a)')} onClick={() => setPin('a', true)} /> : (
          <>
            <button type="button" class="chip" aria-pressed="true" title={t('Take A away')} onClick={() => setPin('a', false)}>{t('A: step {0}', formatCount(a.report.step))} <Icon name="close" /></button>
            <button type="button" class="chip" aria-pressed={b !== null} title={b === null ? t('Hold B at this step') : t('Let B follow again')} onClick={() => setPin('b', b === null)}>{b === null ? t('B: now') : t('B: step {0}', formatCount(b.report.step))} <Icon name={b === null ? 'pin' : 'close'} /></button>
          </>)}
        <Dropdown label={t('Show every n-th step')} value={String(state.every)} options={[1, 5, 10, 50, 100, 1000].map((n) => ({ value: String(n), label: n === 1 ? t('every step') : t('every {0} steps', n) }))} onChange={(v) => sampling(Number(v), state.paused)} />
        <IconButton icon={state.paused ? 'play' : 'pause'} title={state.paused ? t('Go on with training (p)') : t('Pause training at the next step (p)')} pressed={state.paused} onClick={() => sampling(state.every, !state.paused)} />
        {state.running ? <IconButton icon="stop" title={t('Interrupt')} onClick={() => run('interrupt')} /> : null}
      </span>
    </header>
  );
}

/** A number, and how it came to be: a line through the steps seen, for the eye only (the number and the figures say it in words). */
function Fact({ label, value, steps, line }: { label: string; value: string; steps?: number[] | undefined; line?: (Num | null)[] | undefined }): JSX.Element {
  const known = (line ?? []).filter(Number.isFinite).length;
  return (
    <span class="fact"><span class="dim">{label}</span> <span class="number">{value}</span>
      {known > 2 ? <Plot spark height={18} label={t('{0} through the steps', label)} x={steps!} y={[line!.map((v) => (typeof v === 'number' ? v : null))]} curves={[{ label, color: '--wr-blue' }]} /> : null}
    </span>
  );
}

mount(<Page />);
