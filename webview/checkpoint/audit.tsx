/** What a pickle asks for: every global with its class, where it stands, what it would have been called with. Nothing was executed. */
import type { JSX } from 'preact';

import type { GlobalClass, PickleGlobal } from '../../extension/protocol/checkpoint';
import { formatCount } from '../shared/format';
import { Icon } from '../shared/icons';
import { t } from '../shared/l10n';

const order: Record<GlobalClass, number> = { dangerous: 0, unknown: 1, allowed: 2 };

export function auditSummary(globals: readonly PickleGlobal[]): string {
  const n = (c: GlobalClass): number => globals.filter((g) => g.class === c).length;
  if (globals.length === 0) return t('pickle: no globals, none executed');
  if (n('dangerous') > 0) return t('pickle: {0} dangerous of {1} globals, none executed', n('dangerous'), globals.length);
  if (n('unknown') > 0) return t('pickle: {0} outside the allow-list, none executed', n('unknown'));
  return t('pickle: {0} globals, none executed', globals.length);
}

const words = (c: GlobalClass): string => ({ allowed: t('allow-listed'), unknown: t('unknown class'), dangerous: t('dangerous call') })[c];

export function Audit({ globals }: { globals: readonly PickleGlobal[] }): JSX.Element {
  const rows = [...globals].sort((a, b) => order[a.class] - order[b.class] || a.offset - b.offset);
  return (
    <section class="audit" aria-label={t('What the pickle asks for')}>
      <p class="dim">{rows.some((g) => g.class !== 'allowed') ? t('A pickle can ask for any Python name. These were read as inert text: nothing was imported or called.') : t('No globals outside PyTorch’s weights_only allow-list.')}</p>
      {rows.length === 0 ? null : (
        <table>
          <thead><tr><th>{t('class')}</th><th>{t('name')}</th><th class="number">{t('offset')}</th><th class="number">{t('times')}</th><th>{t('at')}</th><th>{t('would be called with')}</th></tr></thead>
          <tbody>
            {rows.map((g) => (
              <tr key={g.name} class={g.class}>
                <td><span class="row-line"><Icon name={g.class === 'allowed' ? 'check' : g.class === 'unknown' ? 'warning' : 'error'} />{words(g.class)}</span></td>
                <td class="mono">{g.name}</td><td class="number">{formatCount(g.offset)}</td><td class="number">{formatCount(g.count)}</td><td class="mono">{g.path}</td><td class="mono args">{g.args}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
