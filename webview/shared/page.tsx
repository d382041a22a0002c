/** What every page shares: the frame that shows an unexpected error instead of nothing, and empty, busy and failed states. */
import { Component, render, type ComponentChildren, type JSX } from 'preact';

import './style.css';
import { Icon, type IconName } from './icons';
import { t } from './l10n';
import { Spinner } from './toolkit';

/** A bug in drawing one thing must not leave a blank panel. */
class Boundary extends Component<{ children: ComponentChildren }, { error: Error | null }> {
  override state = { error: null as Error | null };
  static override getDerivedStateFromError(error: Error): { error: Error } { return { error }; }
  override render(): ComponentChildren {
    const { error } = this.state;
    return error === null ? this.props.children : <Notice icon="error" title={t('This view could not be drawn.')}>{error.message}</Notice>;
  }
}

export function mount(page: JSX.Element): void {
  render(<Boundary>{page}</Boundary>, document.getElementById('root')!);
}

/** In the middle of an empty space: what is missing and what to do about it. */
export function Notice({ icon, title, children, actions }: { icon: IconName; title: ComponentChildren; children?: ComponentChildren; actions?: ComponentChildren }): JSX.Element {
  return (
    <div class="notice" role="status">
      <Icon name={icon} />
      <div class="notice-title">{title}</div>
      {children === undefined ? null : <div class="notice-text">{children}</div>}
      {actions === undefined ? null : <div class="notice-actions">{actions}</div>}
    </div>
  );
}

export function Busy({ text }: { text: string }): JSX.Element {
  return <div class="busy" role="status"><Spinner label={text} /><span>{text}</span></div>;
}

/** A line across the top of something: error, warning or note. */
export function Banner({ kind, children, actions }: { kind: 'error' | 'warning' | 'info'; children: ComponentChildren; actions?: ComponentChildren }): JSX.Element {
  return (
    <div class={`banner ${kind}`} role={kind === 'error' ? 'alert' : 'status'}>
      <Icon name={kind} label={kind === 'error' ? t('Error') : kind === 'warning' ? t('Warning') : t('Note')} />
      <div class="banner-text">{children}</div>
      {actions}
    </div>
  );
}

/** A name whose end must stay readable when there is little room. */
export function Name({ prefix, leaf }: { prefix: string; leaf: string }): JSX.Element {
  return <span class="name" title={prefix + leaf}><span class="name-prefix">{prefix}</span><span class="name-leaf">{leaf}</span></span>;
}
