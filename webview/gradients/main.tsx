/** The gradient inspector's page: what the host says is new is asked for once, drawn, and only then asked for again. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { EngineTrouble, FrameReady, GetFrame, GetState, PickModel, PickParameter, RunCommand, SetPin, SetSampling, StateChanged, type Frame, type PanelState, type PinSlot } from '../../extension/protocol/gradientsPanel';
import type { ErrorInfo } from '../../extension/protocol/rpc';
import { formatNumber } from '../shared/format';
import { host } from '../shared/host';
import { t } from '../shared/l10n';
import { Banner, Busy, mount, Notice } from '../shared/page';
import { Split } from '../shared/split';
import { message, usePersisted } from '../shared/state';
import { Button, Dropdown, IconButton } from '../shared/toolkit';
import { Detail } from './detail';
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

/** The newest frame of a model: never two questions at once, the last piece of news is never missed. */
function useFrame(model: string | null, name: string | null): { frame: Frame | null; error: string | null } {
  const [answer, set] = useState<{ frame: Frame | null; error: string | null }>({ frame: null, error: null });
  const work = useRef({ asking: false, again: false, model, name });
  work.current.model = model;
  work.current.name = name;
  const ask = (): void => {
    const w = work.current;
    if (w.model === null) { set({ frame: null, error: null }); return; }
    if (w.asking) { w.again = true; return; }
    w.asking = true;
    const asked = { model: w.model, name: w.name };
    host.request(GetFrame, { ...asked, bins: BINS }).then(
      (frame) => { if (w.model === asked.model) set({ frame, error: null }); },
      (e: unknown) => { if (w.model === asked.model) set({ frame: null, error: message(e) }); },
    ).finally(() => {
      w.asking = false;
      if (w.again) { w.again = false; requestAnimationFrame(ask); }
    });
  };
  useEffect(() => host.on(FrameReady, ({ model: id }) => { if (id === null || id === work.current.model) ask(); }), []);
  useEffect(ask, [model, name]);
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
  const { frame, error } = useFrame(model, name);
  useEffect(() => {
    const names = frame?.report.rows.map((r) => r.name) ?? [];
    if (names.join('\n') !== rows.join('\n')) setRows(names);
  }, [frame]);

  if (state === null) return <Busy text={t('Asking the editor…')} />;
  const crash = trouble === null ? null : <Banner kind="error">{trouble.message}</Banner>;
  if (model === null) return <>{crash}<Empty trusted={state.trusted} /></>;
  const run = (command: 'backward' | 'train' | 'interrupt'): void => { host.request(RunCommand, { command, model }).catch(() => undefined); };
  const pick = (n: string, open: boolean): void => {
    setOwn(n);
    host.request(PickParameter, { model, path: n, open }).catch(() => undefined);
  };
  return (
    <>
      {crash}
      <Strip state={state} model={model} frame={frame} run={run} />
      {error !== null ? <Banner kind="error">{error}</Banner> : null}
      {frame === null ? (error === null ? <Busy text={t('Reading gradients…')} /> : null) : (
        <Split stateKey="split" initial={0.56} narrow={560}
          first={<Flow report={frame.report} selected={name} onPick={pick} />}
          second={name === null ? <Notice icon="tensor" title={t('This model has no parameters.')} /> : <Detail frame={frame} name={name} pins={state.pins} onBackward={() => run('backward')} />} />
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

function Strip({ state, model, frame, run }: { state: PanelState; model: string; frame: Frame | null; run: (c: 'backward' | 'train' | 'interrupt') => void }): JSX.Element {
  const r = frame?.report;
  const sampling = (every: number, paused: boolean): void => { host.request(SetSampling, { every, paused }).catch(() => undefined); };
  const pin = (slot: PinSlot): void => { host.request(SetPin, { slot, model, set: state.pins[slot] === null }).catch(() => undefined); };
  const pinTitle = (slot: PinSlot): string => { const p = state.pins[slot]; return p === null ? t('Pin this step as {0}', slot.toUpperCase()) : t('{0} is step {1}: unpin', slot.toUpperCase(), p.report.step); };
  return (
    <header class="strip">
      {state.models.length > 1 ? <Dropdown label={t('Model')} value={model} options={state.models.map((m) => ({ value: m.id, label: `${m.name} · ${m.type}` }))} onChange={(id) => void host.request(PickModel, { model: id }).catch(() => undefined)} /> : <strong title={state.models[0]?.file}>{state.models[0]?.name} <span class="dim">{state.models[0]?.type}</span></strong>}
      <Fact label={t('step')} value={r === undefined || r.step === 0 ? '–' : String(r.step)} />
      <Fact label={t('loss')} value={r?.loss == null ? '–' : formatNumber(r.loss)} />
      <Fact label={t('global norm')} value={r === undefined ? '–' : formatNumber(r.globalNorm)} />
      {r?.firstNonFinite != null ? <span class="chip error"><strong>!</strong> {t('first NaN or Inf: {0}', r.firstNonFinite)}</span> : null}
      <span class="grow" />
      <span class="toolbar">
        {(['a', 'b'] as const).map((slot) => <IconButton icon="pin" title={pinTitle(slot)} pressed={state.pins[slot] !== null} onClick={() => pin(slot)}>{slot.toUpperCase()}</IconButton>)}
        <Dropdown label={t('Show every n-th step')} value={String(state.every)} options={[1, 5, 10, 50, 100].map((n) => ({ value: String(n), label: n === 1 ? t('every step') : t('every {0} steps', n) }))} onChange={(v) => sampling(Number(v), state.paused)} />
        <IconButton icon={state.paused ? 'play' : 'pause'} title={state.paused ? t('Go on with training') : t('Pause training at the next step')} pressed={state.paused} onClick={() => sampling(state.every, !state.paused)} />
        {state.running ? <IconButton icon="stop" title={t('Interrupt')} onClick={() => run('interrupt')} /> : null}
      </span>
    </header>
  );
}
function Fact({ label, value }: { label: string; value: string }): JSX.Element {
  return <span class="fact"><span class="dim">{label}</span> <span class="number">{value}</span></span>;
}

mount(<Page />);
