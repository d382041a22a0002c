/** Two panes with a bar between them that moves by mouse or arrow keys. One above the other where there is little width. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { t } from './l10n';
import { usePersisted, useSize } from './state';

interface Props { stateKey: string; first: ComponentChildren; second: ComponentChildren; /** Share of the first pane. */ initial: number; /** Below this width the panes stand one above the other. */ narrow: number }

export function Split({ stateKey, first, second, initial, narrow }: Props): JSX.Element {
  const [box, size] = useSize<HTMLDivElement>();
  const stacked = size.width > 0 && size.width < narrow;
  const [kept, keep] = usePersisted(`${stateKey}.${stacked ? 'rows' : 'columns'}`, initial);
  const [share, setShare] = useState(kept);
  useEffect(() => setShare(kept), [stacked]);
  const bar = useRef<HTMLDivElement>(null);
  const clamp = (v: number): number => Math.max(0.15, Math.min(0.85, v));
  const move = (e: PointerEvent): void => {
    const r = box.current!.getBoundingClientRect();
    setShare(clamp(stacked ? (e.clientY - r.top) / r.height : (e.clientX - r.left) / r.width));
  };
  const onPointerDown = (e: PointerEvent): void => { bar.current!.setPointerCapture(e.pointerId); e.preventDefault(); };
  const onPointerMove = (e: PointerEvent): void => { if (bar.current!.hasPointerCapture(e.pointerId)) move(e); };
  const onKeyDown = (e: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[e.key];
    if (step === undefined) return;
    e.preventDefault();
    const to = clamp(share + step * 0.03);
    setShare(to);
    keep(to);
  };
  const track = `minmax(0, ${share}fr) 1px minmax(0, ${1 - share}fr)`;
  return (
    <div ref={box} class={`split ${stacked ? 'stacked' : ''}`} style={stacked ? { gridTemplateRows: track } : { gridTemplateColumns: track }}>
      <div class="pane">{first}</div>
      <div ref={bar} class="split-bar" role="separator" tabIndex={0} aria-label={t('Resize')} aria-orientation={stacked ? 'horizontal' : 'vertical'} aria-valuemin={15} aria-valuemax={85} aria-valuenow={Math.round(share * 100)}
        onPointerDown={onPointerDown} onPointerMove={onPointerMove} onPointerUp={() => keep(share)} onKeyDown={onKeyDown} onDblClick={() => { setShare(initial); keep(initial); }} />
      <div class="pane">{second}</div>
    </div>
  );
}
