/** What is wrong with a file, for who must mend it or fetch it again: what, where, what was expected there, and the bytes that are there. */
import type { JSX } from 'preact';

import { CopyText } from '../../extension/protocol/sharedPanel';
import { formatCount } from '../shared/format';
import { host } from '../shared/host';
import { Icon } from '../shared/icons';
import { t } from '../shared/l10n';
import { Button } from '../shared/toolkit';
import type { Info } from './info';

export function DamageReport({ info, again }: { info: Info; again: () => void }): JSX.Element {
  const { error, damage } = info;
  const left = info.tensors.length > 0 || info.globals.length > 0 || (info.root.children ?? 0) > 0;
  const lines = damage?.bytes === undefined ? [] : hexLines(damage.bytes, damage.start!);
  const where = damage?.offset === undefined ? undefined : damage.offset >= info.fileBytes ? t('at the end of the file, after {0} bytes', formatCount(info.fileBytes)) : t('byte {0} of {1} (0x{2})', formatCount(damage.offset), formatCount(info.fileBytes), damage.offset.toString(16));
  const title = left ? t('This file is damaged. What could be read of it is shown.') : t('This file could not be read as a checkpoint.');
  const copy = (): void => void host.request(CopyText, { text: [info.file, title, error, where, damage?.expected, ...lines.map((l) => `${l.offset}  ${l.cells.join(' ')}  ${l.text}`)].filter((x) => x !== undefined).join('\n') }).catch(() => undefined);
  return (
    <section class="damage" role="alert" aria-label={t('What is wrong with the file')}>
      <div class="row-line damage-title"><Icon name="error" label={t('Error')} /><strong>{title}</strong></div>
      <dl class="facts">
        <dt>{t('What is wrong')}</dt><dd>{error}</dd>
        {where === undefined ? null : <><dt>{t('Where')}</dt><dd>{where}</dd></>}
        {damage === undefined ? null : <><dt>{t('What was expected')}</dt><dd>{damage.expected}</dd></>}
        {lines.length === 0 ? null : <><dt>{t('The bytes there')}</dt><dd><Bytes lines={lines} at={damage!.offset! - damage!.start!} /></dd></>}
      </dl>
      <div class="toolbar wrap"><Button onClick={again}>{t('Try Again')}</Button><Button icon="copy" onClick={copy}>{t('Copy Report')}</Button></div>
    </section>
  );
}

interface Line { offset: string; cells: string[]; text: string }
export function hexLines(hex: string, start: number): Line[] {
  const bytes = hex.match(/../g) ?? [];
  return Array.from({ length: Math.ceil(bytes.length / 16) }, (_, i) => {
    const cells = bytes.slice(16 * i, 16 * i + 16);
    return { offset: (start + 16 * i).toString(16).padStart(8, '0'), cells, text: cells.map((c) => { const v = parseInt(c, 16); return v >= 0x20 && v < 0x7f ? String.fromCharCode(v) : '·'; }).join('') };
  });
}

/** `at`: of the byte that is marked. */
function Bytes({ lines, at }: { lines: Line[]; at: number }): JSX.Element {
  return (
    <pre class="print hex" tabIndex={0} aria-label={t('Bytes around the damage, in hexadecimal')}>
      {lines.map((l, y) => (
        <div key={l.offset}><span class="dim">{l.offset}</span>  {l.cells.map((c, x) => <><span class={16 * y + x === at ? 'marked' : ''}>{c}</span>{x === 7 ? '  ' : ' '}</>)}{'   '.repeat(16 - l.cells.length)} {l.text}</div>
      ))}
    </pre>
  );
}
