/** One file: its header, what its pickle asks for, its tensors, and a close look at the one selected. */
import type { JSX } from 'preact';

import { OpenCheckpoint } from '../../extension/protocol/checkpoint';
import { CompareWith, ConvertAs, LoadIntoModel } from '../../extension/protocol/checkpointPanel';
import { unpack } from '../../extension/protocol/packed';
import { formatBytes, formatCount, formatShort, shortDtype } from '../shared/format';
import { host } from '../shared/host';
import { t } from '../shared/l10n';
import { Banner, Busy, Notice } from '../shared/page';
import { Split } from '../shared/split';
import { useAnswer, usePersisted } from '../shared/state';
import { Button } from '../shared/toolkit';
import { Audit, auditSummary } from './audit';
import { DamageReport } from './damage';
import type { Info } from './info';
import { Inspect } from './inspect';
import { useSubject } from './subject';
import { tensorCount, TensorList } from './tensorList';

export function Viewer(): JSX.Element {
  const { subject, error: unreached, version, again } = useSubject();
  const file = subject?.kind === 'file' ? subject.file : null;
  const { value: info, error = unreached } = useAnswer(file === null ? null : (signal) => host.request(OpenCheckpoint, { file }, signal).then((i): Info => ({ ...i, tensors: unpack(i.tensors) })), [file, version], true);
  if (error !== undefined) return <Notice icon="error" title={t('This file could not be opened.')} actions={<Button onClick={again}>{t('Try Again')}</Button>}>{error}</Notice>;
  if (info === undefined) return <Busy text={t('Reading the structure…')} />;
  return <Loaded info={info} again={again} />;
}

function Loaded({ info, again }: { info: Info; again: () => void }): JSX.Element {
  const [name, setName] = usePersisted<string | null>('tensor', null);
  const damaged = info.error !== undefined;
  const [audit, setAudit] = usePersisted('audit', info.counts.dangerous > 0 || (damaged && info.globals.length > 0));
  const tensor = info.tensors.find((x) => x.name === name) ?? info.tensors[0];
  return (
    <>
      {info.format === 'unknown' ? null : <Header info={info} audit={audit} onAudit={() => setAudit(!audit)} />}
      {damaged ? <DamageReport info={info} again={again} /> : null}
      {info.counts.dangerous > 0 ? <Banner kind="error">{t('This pickle asks for code that could run commands. Nothing was imported or called.')}</Banner> : null}
      <Warnings info={info} />
      {audit ? <Audit globals={info.globals} counts={info.counts} /> : null}
      {info.format === 'unknown' ? null : <Split stateKey="split" initial={0.5} narrow={640}
        first={<TensorList info={info} selected={tensor?.name ?? null} onPick={setName} />}
        second={tensor === undefined ? <Notice icon="tensor" title={t('No tensors.')}>{damaged ? t('None could be read.') : t('The file holds values of other kinds; see its structure.')}</Notice> : <Inspect key={`${info.version} ${tensor.name}`} at={{ file: info.file }} tensor={tensor} />} />}
    </>
  );
}

function Warnings({ info: { warnings, counts } }: { info: Info }): JSX.Element {
  const shown = warnings.slice(0, 3);
  return <>{shown.map((w) => <Banner kind="warning">{w}</Banner>)}{counts.warnings > 3 ? <details class="metadata"><summary>{t('… and {0} more', formatCount(counts.warnings - 3))}</summary>{warnings.slice(3).map((w) => <p>{w}</p>)}</details> : null}</>;
}

function Header({ info, audit, onAudit }: { info: Info; audit: boolean; onAudit: () => void }): JSX.Element {
  const metadata = Object.entries(info.metadata);
  return (
    <header class="head">
      <div class="head-line">
        <strong>{info.description}</strong>
        <span class="dim">{formatBytes(info.fileBytes)} · {tensorCount(info.tensors.length)} · <span title={formatCount(info.parameters)}>{String(info.parameters) === '1' ? t('1 element') : t('{0} elements', formatShort(info.parameters))}</span></span>
        <span class="grow" />
        {info.globals.length > 0 || /pickle|torch/i.test(info.format) ? (
          <button type="button" class={`chip ${info.counts.dangerous > 0 ? 'error' : info.counts.unknown > 0 ? 'warning' : ''}`} aria-pressed={audit} onClick={onAudit}>{auditSummary(info.counts)}</button>
        ) : null}
        <span class="toolbar wrap">
          <Button icon="compare" onClick={() => void host.request(CompareWith, null).catch(() => undefined)}>{t('Compare…')}</Button>
          <Button icon="load" onClick={() => void host.request(LoadIntoModel, null).catch(() => undefined)}>{t('Load into Model…')}</Button>
          <Button icon="swap" title={t('Write this checkpoint as .pt, .safetensors or .npz')} disabled={info.error !== undefined || info.tensors.length === 0} onClick={() => void host.request(ConvertAs, {}).catch(() => undefined)}>{t('Convert…')}</Button>
        </span>
      </div>
      <Dtypes info={info} />
      {metadata.length === 0 ? null : (
        <details class="metadata"><summary>{t('Metadata ({0})', formatCount(info.counts.metadata))}</summary>
          <dl class="facts">{metadata.map(([k, v]) => <><dt>{k}</dt><dd>{v}</dd></>)}</dl>
          {info.counts.metadata > metadata.length ? <p class="dim">{t('… and {0} more', formatCount(info.counts.metadata - metadata.length))}</p> : null}
        </details>
      )}
    </header>
  );
}

const colors = ['--wr-blue', '--wr-orange', '--wr-green', '--wr-purple', '--wr-yellow', '--wr-red'];
/** Bytes by element type, as parts of one bar with their words below. */
function Dtypes({ info }: { info: Info }): JSX.Element {
  const bytes = new Map<string, number>();
  for (const x of info.tensors) bytes.set(x.dtype, (bytes.get(x.dtype) ?? 0) + x.bytes);
  const all = [...bytes].sort((a, b) => b[1] - a[1]);
  const total = all.reduce((s, [, n]) => s + n, 0);
  if (total === 0) return <></>;
  return (
    <div class="dtypes">
      <div class="dtype-bar" aria-hidden="true">{all.map(([d, n], i) => <i key={d} style={{ width: `${(100 * n) / total}%`, background: `var(${colors[i % colors.length]!})` }} />)}</div>
      {all.slice(0, 8).map(([d, n], i) => <span key={d} class="dtype-key"><i style={{ background: `var(${colors[i % colors.length]!})` }} />{shortDtype(d)} <span class="dim">{formatBytes(n)}</span></span>)}
    </div>
  );
}
