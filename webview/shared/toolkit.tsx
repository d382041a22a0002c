/** The form controls of @vscode/webview-ui-toolkit as components. Nothing else imports the toolkit. */
import { provideVSCodeDesignSystem, vsCodeButton, vsCodeCheckbox, vsCodeDropdown, vsCodeLink, vsCodeOption, vsCodeProgressRing, vsCodeTextField } from '@vscode/webview-ui-toolkit';
import { h, type ComponentChildren, type JSX, type RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import { Icon, type IconName } from './icons';

provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeCheckbox(), vsCodeDropdown(), vsCodeLink(), vsCodeOption(), vsCodeProgressRing(), vsCodeTextField());

interface ButtonProps { onClick: () => void; disabled?: boolean; title?: string; icon?: IconName; children?: ComponentChildren }

export function Button({ primary = false, icon, onClick, disabled = false, title, children }: ButtonProps & { primary?: boolean }): JSX.Element {
  return h('vscode-button', { appearance: primary ? 'primary' : 'secondary', disabled, title, onClick: guarded(onClick, disabled) }, icon === undefined ? null : h('span', { slot: 'start', class: 'button-icon' }, <Icon name={icon} />), children);
}

/** A toolbar button; `pressed` makes it a toggle. Its title is what a screen reader says. */
export function IconButton({ icon, title, pressed, onClick, disabled = false, expanded, children }: ButtonProps & { icon: IconName; title: string; pressed?: boolean; expanded?: boolean }): JSX.Element {
  const aria = { ...(pressed === undefined ? {} : { 'aria-pressed': String(pressed) }), ...(expanded === undefined ? {} : { 'aria-expanded': String(expanded) }) };
  return h('vscode-button', { appearance: 'icon', class: `icon-button${pressed === true ? ' pressed' : ''}`, 'aria-label': title, title, disabled, onClick: guarded(onClick, disabled), ...aria }, <Icon name={icon} />, children);
}
const guarded = (f: () => void, disabled: boolean) => (): void => { if (!disabled) f(); };

export function Checkbox({ checked, onChange, children }: { checked: boolean; onChange: (on: boolean) => void; children: ComponentChildren }): JSX.Element {
  return h('vscode-checkbox', { checked, onChange: (e: Event) => { const on = (e.currentTarget as HTMLInputElement).checked; if (on !== checked) onChange(on); } }, children);
}

export interface Option { value: string; label: string }

export function Dropdown({ label, value, options, onChange, disabled = false }: { /** Read out. */ label: string; value: string; options: readonly Option[]; onChange: (value: string) => void; disabled?: boolean }): JSX.Element {
  const ref = useRef<HTMLSelectElement>(null);
  const key = options.map((o) => o.value).join('\n');
  useEffect(() => {
    // The control learns of its options one turn later; a value set before is lost.
    const set = (): void => { if (ref.current !== null && ref.current.value !== value) ref.current.value = value; };
    const frame = requestAnimationFrame(set);
    return () => cancelAnimationFrame(frame);
  }, [value, key]);
  const change = (e: Event): void => { const v = (e.currentTarget as HTMLSelectElement).value; if (v !== value) onChange(v); };
  return h('vscode-dropdown', { ref, 'aria-label': label, title: label, disabled, onChange: change }, options.map((o) => h('vscode-option', { key: o.value, value: o.value, selected: o.value === value }, o.label)));
}

interface TextFieldProps {
  label: string;
  value: string;
  onInput: (value: string) => void;
  placeholder?: string;
  icon?: IconName;
  /** Shown below and marked: why the text is not accepted. */
  problem?: string | undefined;
  inputRef?: RefObject<HTMLElement>;
  onKeyDown?: (e: KeyboardEvent) => void;
  end?: ComponentChildren;
}
export function TextField({ label, value, onInput, placeholder, icon, problem, inputRef, onKeyDown, end }: TextFieldProps): JSX.Element {
  return (
    <span class={`field${problem === undefined ? '' : ' invalid'}`}>
      {h('vscode-text-field', {
        ref: inputRef, value, placeholder, 'aria-label': label, title: problem ?? label, 'aria-invalid': problem === undefined ? undefined : 'true', spellcheck: false,
        onInput: (e: Event) => onInput((e.currentTarget as HTMLInputElement).value), onKeyDown,
      }, icon === undefined ? null : h('span', { slot: 'start', class: 'button-icon' }, <Icon name={icon} />), end === undefined ? null : h('span', { slot: 'end', class: 'field-end' }, end))}
      {problem === undefined ? null : <span class="field-problem" role="alert">{problem}</span>}
    </span>
  );
}

export function Link({ onClick, title, children }: { onClick: () => void; title?: string; children: ComponentChildren }): JSX.Element {
  return h('vscode-link', { href: '#', title, onClick: (e: Event) => { e.preventDefault(); onClick(); } }, children);
}

export function Spinner({ label }: { label: string }): JSX.Element { return h('vscode-progress-ring', { class: 'spinner', 'aria-label': label }); }
