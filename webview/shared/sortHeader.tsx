/** A column's head that sorts when it is pressed. */
import type { JSX } from 'preact';

import { Icon } from './icons';

interface Props { text: string; title?: string; /** Null: this column does not sort now. */ down: boolean | null; onClick: () => void; number?: boolean; class?: string }

export function SortHeader({ text, title, down, onClick, number = false, class: name = '' }: Props): JSX.Element {
  return (
    <span role="columnheader" class={`${number ? 'number ' : ''}${name}`} aria-sort={down === null ? 'none' : down ? 'descending' : 'ascending'}>
      <button type="button" class="sort" title={title} onClick={onClick}>{down === null ? null : <Icon name={down ? 'chevronDown' : 'chevronUp'} />}{text}</button>
    </span>
  );
}
