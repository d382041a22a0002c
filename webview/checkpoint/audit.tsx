/** What a pickle asks for: every global with its class, where it stands, what it would have been called with. Nothing was executed. */
import type { JSX } from 'preact';

import type { GlobalClass, PickleGlobal } from '../../extension/protocol/checkpoint';
import { formatCount } from '../shared/format';
import { Icon } from '../shared/icons';
import { t } from '../shared/l10n';

type Counts = Record<GlobalClass, number>;
const total = (n: Counts): number => n.allowed + n.unknown + n.dangerous;

export function auditSummary(n: Counts): string {
  if (total(n) === 0) return t('pickle: no globals, none executed');
  if (total(n) === 1 && n.unknown === 0) return n.dangerous > 0 ? t('pickle: 1 dangerous global, none executed') : t('pickle: 1 global, none executed');
  if (n.dangerous > 0) return t('pickle: {0} dangerous of {1} globals, none executed', formatCount(n.dangerous), formatCount(total(n)));
  if (n.unknown > 0) return t('pickle: {0} outside the allow-list, none executed', formatCount(n.unknown));
  return t('pickle: {0} globals, none executed', formatCount(total(n)));
}

const words = (c: GlobalClass): string => ({ allowed: t('allow-listed'), unknown: t('unknown class'), dangerous: t('dangerous call') })[c];

/** The most dangerous stand first. */
export function Audit({ globals: rows, counts }: { globals: readonly PickleGlobal[]; counts: Counts }): JSX.Element {
  return (
    <section class="audit" aria-label={t('What the pickle asks for')}>
      <p class="dim">{counts.unknown + counts.dangerous > 0 ? t('A pickle can ask for any Python name. These were read as inert text: nothing was imported or called.') : t('No globals outside PyTorch’s weights_only allow-list.')}</p>
      {rows.length === 0 ? null : (
        <table>
          <thead><tr><th>{t('class')}</th><th>{t('name')}</th><th class="number">{t('offset')}</th><th class="number">{t('times')}</th><th>{t('at')}</th><th>{t('would be called with')}</th></tr></thead>
          <tbody>
            {rows.map((g) => (
              <tr key={g.name} class={g.class}>
                <td><span class="row-line"><Icon name={g.class === 'allowed' ? 'check' : g.class === 'unknown' ? 'warning' : 'error'} />{words(g.class)}</span></td>
                <td class="mono">{g.name}</td><td class="number">{formatCount(g.offset)}</td><td class="number">{formatCount(g.count)}</td><td class="mono">{g.path === '' ? '–' : g.path}</td><td class="mono args">{g.args}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {total(counts) > rows.length ? <p class="dim">{t('… and {0} more', formatCount(total(counts) - rows.length))}</p> : null}
    </section>
  );
}
