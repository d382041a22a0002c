/** What loading a checkpoint into a live model would do, name by name, before it is done: what fits, what does not, which prefixes would help. */
import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';

import { PreflightLoad, type Preflight as Result, type PreflightRow, type PreflightStatus, type Rename } from '../../extension/protocol/checkpoint';
import { LoadNow, type Subject } from '../../extension/protocol/checkpointPanel';
import { unpack } from '../../extension/protocol/packed';
import { CopyText } from '../../extension/protocol/sharedPanel';
import { formatCount, splitName, typeAndShape } from '../shared/format';
import { host } from '../shared/host';
import { useSearchKey } from '../shared/keys';
import { t } from '../shared/l10n';
import { Banner, Busy, Name, Notice } from '../shared/page';
import { Split } from '../shared/split';
import { message, useAnswer, usePersisted } from '../shared/state';
import { Button, Dropdown, TextField } from '../shared/toolkit';
import { VirtualList } from '../shared/virtualList';
import { Pair } from './pair';
import { asComparison, preflightRows, rowKey } from './preflightRows';
import { SideName } from './sideName';
import { useSubject } from './subject';

type Loading = Subject & { kind: 'preflight' };

const columns = { gridTemplateColumns: '14px minmax(100px, 1.3fr) minmax(60px, 0.8fr) minmax(100px, 1.3fr) minmax(60px, 0.8fr)' };
const sign: Record<PreflightStatus, string> = { matched: '=', dtype: 'τ', shape: '⇲', unreadable: '!', missing: '−', unexpected: '+' };
const words = (s: PreflightStatus): string => ({ matched: t('matched'), dtype: t('converted from another dtype'), shape: t('another shape'), unreadable: t('cannot be loaded'), missing: t('missing in the file'), unexpected: t('unexpected in the file') })[s];
/** Colours of the comparison that say the same. */
const look: Record<PreflightStatus, string> = { matched: 'same', dtype: 'changed', shape: 'reshaped', unreadable: 'reshaped', missing: 'removed', unexpected: 'added' };

export function Preflight(): JSX.Element {
  const { subject, error, version, again } = useSubject();
  if (error !== undefined) return <Notice icon="error" title={t('This could not be checked.')}>{error}</Notice>;
  return subject?.kind === 'preflight' ? <Checked subject={subject} version={version} again={again} /> : <Busy text={t('Asking the editor…')} />;
}

function Checked({ subject, version, again }: { subject: Loading; version: number; again: () => void }): JSX.Element {
  const { file, model, path } = subject;
  const [root, setRoot] = usePersisted<string | null>('root', null);
  const [rename, setRename] = usePersisted<Rename>('rename', { from: '', to: '' });
  const { value: result, error } = useAnswer((signal) => host.request(PreflightLoad, { file, model, path, rename: given(rename), ...(root === null ? {} : { root }) }, signal).then((r): Result => ({ ...r, rows: unpack(r.rows) })), [root, rename.from, rename.to, version], true);
  if (error !== undefined) return <Notice icon="error" title={t('This could not be checked.')} actions={<Button onClick={again}>{t('Try Again')}</Button>}>{error}</Notice>;
  if (result === undefined) return <Busy text={t('Reading both…')} />;
  return (
    <>
      <Header subject={subject} result={result} rename={rename} />
      <Names result={result} rename={rename} onRename={setRename} onRoot={setRoot} />
      <Rows subject={subject} result={result} version={version} />
    </>
  );
}
/** Two empty fields rename nothing. */
const given = (r: Rename): Rename | null => (r.from === '' && r.to === '' ? null : r);

/** Both sides and the two ways to load. Strict is the default; a part is loaded only by its own button. */
function Header({ subject, result, rename }: { subject: Loading; result: Result; rename: Rename }): JSX.Element {
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);
  const { counts, error } = result;
  const good = counts.matched + counts.dtype;
  const bad = counts.missing + counts.unexpected + counts.shape + counts.unreadable;
  const load = (partial: boolean): void => {
    setBusy(true);
    setFailed(null);
    // What came of it, and Undo, is said by the editor's own message.
    host.request(LoadNow, { root: result.root, rename: given(rename), partial }).catch((e: unknown) => setFailed(message(e))).finally(() => setBusy(false));
  };
  return (
    <>
      <header class="head">
        <div class="head-line">
          <SideName letter="A" side={{ file: subject.file }} name={subject.nameFile} /><span class="dim">→</span><SideName letter="B" side={{ model: subject.model, path: subject.path }} name={subject.nameModel} />
          <span class="grow" />
          <span class="toolbar wrap">
            <Button primary icon="load" title={t('Load everything; possible when everything fits')} disabled={busy || error !== undefined || bad > 0 || good === 0} onClick={() => load(false)}>{t('Load')}</Button>
            {bad === 0 ? null : <Button title={t('Load {0} tensors, leave everything else as it is', formatCount(good))} disabled={busy || error !== undefined || good === 0} onClick={() => load(true)}>{t('Load the Part That Fits ({0})', formatCount(good))}</Button>}
          </span>
        </div>
      </header>
      {error === undefined ? null : <Banner kind="error">{t('The file is damaged, so nothing is loaded from it.')} {error}</Banner>}
      {failed === null ? null : <Banner kind="error">{failed}</Banner>}
      {result.message === '' ? null : (
        <details class="metadata preflight-message"><summary>{t('What load_state_dict says')}</summary>
          <Button icon="copy" onClick={() => void host.request(CopyText, { text: result.message }).catch(() => undefined)}>{t('Copy')}</Button>
          <pre class="print" tabIndex={0} aria-label={t('What load_state_dict says')}>{result.message.length > 20_000 ? `${result.message.slice(0, 20_000)}…` : result.message}</pre>
        </details>
      )}
    </>
  );
}

/** Which dictionary of the file, and the prefixes that its names lose and get; every change is shown at once. */
function Names({ result, rename, onRename, onRoot }: { result: Result; rename: Rename; onRename: (r: Rename) => void; onRoot: (root: string) => void }): JSX.Element {
  const roots = result.roots.some((r) => r.path === result.root) ? result.roots : [{ path: result.root, matched: 0 }, ...result.roots];
  const proposed = result.suggestions.filter((s) => s.from !== rename.from || s.to !== rename.to);
  return (
    <>
      <div class="flow-tools wrap">
        {roots.length < 2 ? null : <Dropdown label={t('Dictionary of the file')} value={result.root} options={roots.map((r) => ({ value: r.path, label: t('{0} ({1} can match)', r.path === '' ? t('the whole file') : r.path, formatCount(r.matched)) }))} onChange={onRoot} />}
        <TextField label={t('Prefix to take off the names of the file')} placeholder={t('take off prefix')} icon="minus" value={rename.from} onInput={(from) => onRename({ ...rename, from })} />
        <TextField label={t('Prefix to put before the names of the file')} placeholder={t('put on prefix')} icon="plus" value={rename.to} onInput={(to) => onRename({ ...rename, to })} />
        {given(rename) === null ? null : <Button onClick={() => onRename({ from: '', to: '' })}>{t('Names as They Are')}</Button>}
      </div>
      {proposed.slice(0, 3).map((s) => <Banner key={`${s.from} ${s.to}`} kind="info" actions={<Button onClick={() => onRename({ from: s.from, to: s.to })}>{t('Rename')}</Button>}>{t('{0} tensors would match:', formatCount(s.matched))} {renameText(s)}</Banner>)}
    </>
  );
}

function renameText({ from, to }: Rename): string {
  return from === '' ? t('Put "{0}" before every name', to) : to === '' ? t('Take "{0}" off every name', from) : t('Replace "{0}" by "{1}" in every name', from, to);
}

function Rows({ subject, result, version }: { subject: Loading; result: Result; version: number }): JSX.Element {
  const [only, setOnly] = usePersisted<PreflightStatus | null>('only', null);
  const [filter, setFilter] = usePersisted('filter', '');
  const [key, setKey] = usePersisted<string | null>('row', null);
  const field = useRef<HTMLElement>(null);
  useSearchKey(field);
  // A status that no row has any more hides nothing.
  const shown = only !== null && result.counts[only] > 0 ? only : null;
  const rows = useMemo(() => preflightRows(result.rows, { only: shown, filter }), [result, shown, filter]);
  const selected = useMemo(() => rows.findIndex((r) => rowKey(r) === key), [rows, key]);
  const row = result.rows.find((r) => rowKey(r) === key);
  return (
    <>
      <div class="flow-tools wrap">
        <span class="head-line chips" role="group" aria-label={t('Which tensors are listed')}>
          {(Object.keys(sign) as PreflightStatus[]).filter((s) => result.counts[s] > 0).map((s) => (
            <button key={s} type="button" class={`chip compare-${look[s]}`} aria-pressed={shown === s} onClick={() => setOnly(shown === s ? null : s)}><span>{sign[s]}</span> {formatCount(result.counts[s])} {words(s)}</button>
          ))}
        </span>
        <TextField label={t('Filter')} placeholder={t('Filter')} icon="search" value={filter} onInput={setFilter} inputRef={field} onKeyDown={(e) => { if (e.key === 'Escape') setFilter(''); }} />
        <span class="dim count">{rows.length === result.rows.length ? formatCount(rows.length) : t('{0} of {1}', formatCount(rows.length), formatCount(result.rows.length))}</span>
      </div>
      <Split stateKey="split" initial={0.66} narrow={760}
        first={<VirtualList id="preflight" label={t('Tensors of both')} role="grid" count={rows.length} rowHeight={22} selected={selected} onSelect={(i) => setKey(rowKey(rows[i]!))} keyOf={(i) => rowKey(rows[i]!)} empty={t('No tensor matches.')}
          header={<div class="cells" style={columns}><span /><span role="columnheader">{t('in the file')}</span><span /><span role="columnheader">{t('in the model')}</span><span /></div>}
          row={(i) => <Row row={rows[i]!} />} />}
        second={row === undefined ? <Notice icon="compare" title={t('Select a tensor.')} /> : row.source === undefined || row.target === undefined ? <Notice icon="tensor" title={words(row.status)}>{row.target ?? row.source}</Notice> : <Pair key={`${key} ${version}`} subject={{ a: { file: subject.file }, b: { model: subject.model, path: subject.path } }} row={asComparison(row, result.root)} />} />
    </>
  );
}

function Row({ row: r }: { row: PreflightRow }): JSX.Element {
  const name = (n: string | undefined): JSX.Element | string => { if (n === undefined) return '–'; const [prefix, leaf] = splitName(n); return <Name prefix={prefix} leaf={leaf} />; };
  return (
    <div class={`cells compare-${look[r.status]}`} style={columns} title={r.problem ?? `${r.target ?? r.source!}: ${words(r.status)}`}>
      <span role="gridcell" aria-label={words(r.status)}>{sign[r.status]}</span>
      <span role="gridcell">{name(r.source)}</span><span role="gridcell">{r.fileShape === undefined ? '' : typeAndShape(r.fileDtype!, r.fileShape)}</span>
      <span role="gridcell">{name(r.target)}</span><span role="gridcell">{r.modelShape === undefined ? '' : typeAndShape(r.modelDtype!, r.modelShape)}</span>
    </div>
  );
}
