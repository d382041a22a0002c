/** uPlot in the editor's colours: sized to its box, redrawn with the theme, its cursor moved by mouse or arrow keys. */
import 'uplot/dist/uPlot.min.css';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';

import { formatNumber } from './format';
import { useSize } from './state';
import { cssColor, rgbOf, useTheme } from './theme';

export interface Curve {
  label: string;
  /** CSS variable: --wr-blue. */
  color: string;
  /** Share of the colour below the curve; 0 draws the line only. */
  fill?: number;
  dash?: number[];
  stepped?: boolean;
}

interface Props {
  /** Read out: what the picture shows. */
  label: string;
  x: number[];
  y: (number | null)[][];
  curves: Curve[];
  height?: number;
  logY?: boolean;
  /** Lower end of a logarithmic axis. */
  floor?: number;
  /** Steps and the like stand at whole numbers. */
  wholeX?: boolean;
  /** Without axes: a small line beside a number. */
  spark?: boolean;
  onCursor?: (index: number | null) => void;
  /** Vertical lines. */
  marks?: { x: number; label: string }[];
}

export function Plot(p: Props): JSX.Element {
  const [box, size] = useSize<HTMLDivElement>();
  const plot = useRef<uPlot | null>(null);
  const theme = useTheme();
  const props = useRef(p);
  props.current = p;
  const data = [p.x, ...p.y] as uPlot.AlignedData;
  const shape = JSON.stringify([p.curves, p.logY, p.spark, p.marks, p.floor]);

  useEffect(() => {
    const e = box.current;
    if (e === null || size.width < 20) return;
    const u = new uPlot(options(props.current, size.width, heightOf(props.current, e)), data, e);
    plot.current = u;
    return () => { plot.current = null; u.destroy(); };
  }, [theme, shape, size.width > 20]);
  useEffect(() => { plot.current?.setData(data); }, [p.x, p.y]);
  useEffect(() => { if (size.width >= 20 && box.current !== null) plot.current?.setSize({ width: size.width, height: heightOf(p, box.current) }); }, [size.width, size.height, p.height]);

  const onKeyDown = (e: KeyboardEvent): void => {
    const u = plot.current;
    const step = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0;
    if (u === null || step === 0) return;
    e.preventDefault();
    const i = Math.max(0, Math.min(p.x.length - 1, (u.cursor.idx ?? (step > 0 ? -1 : p.x.length)) + step));
    const at = p.curves[0]?.stepped === true && i + 1 < p.x.length ? (p.x[i]! + p.x[i + 1]!) / 2 : p.x[i]!;
    u.setCursor({ left: u.valToPos(at, 'x'), top: u.over.clientHeight / 2 });
  };
  return <div ref={box} class={p.spark ? 'plot spark' : 'plot'} role="img" aria-label={p.label} style={p.height === undefined ? {} : { height: `${p.height}px` }} {...(p.spark ? {} : { tabIndex: 0, onKeyDown })} />;
}
const heightOf = (p: Props, e: HTMLElement): number => p.height ?? Math.max(40, e.clientHeight);

function options(p: Props, width: number, height: number): uPlot.Options {
  const text = cssColor('--wr-dim');
  const line = cssColor('--wr-grid');
  const font = `11px ${cssColor('--vscode-font-family')}`;
  const axis: uPlot.Axis = { stroke: text, font, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1, size: 4 }, gap: 3 };
  const tick = (v: number | null): string => (v === null ? '' : formatNumber(v, 3).replace(/(\.\d*?)0+(?=$|e)/, '$1').replace(/\.(?=$|e)/, ''));
  return {
    width, height, legend: { show: false }, padding: p.spark ? [2, 2, 2, 2] : [8, 10, 0, 0],
    scales: {
      x: { time: false },
      y: p.logY === true ? { distr: 3, range: (_u, _min, max) => [p.floor ?? 1e-12, Math.max(max ?? 1, (p.floor ?? 1e-12) * 10) * 1.2] } : { range: (_u, min, max) => linearRange(min, max, p.curves.some((c) => (c.fill ?? 0) > 0)) },
    },
    axes: p.spark ? [{ show: false }, { show: false }] : [
      { ...axis, size: 22, space: 46, values: (_u, ticks) => ticks.map((v) => (p.wholeX === true ? (Number.isInteger(v) ? String(v) : '') : tick(v))) },
      { ...axis, size: (_u, values) => 12 + 6.2 * Math.max(2, ...(values ?? []).map((v) => v.length)), space: 26, values: (_u, ticks) => ticks.map(tick) },
    ],
    cursor: { show: !p.spark, drag: { x: false, y: false }, points: { show: p.curves[0]?.stepped !== true, size: 5 }, y: false },
    series: [{}, ...p.curves.map((c): uPlot.Series => {
      const color = cssColor(c.color);
      const [r, g, b] = rgbOf(color);
      return {
        label: c.label, stroke: color, width: p.spark ? 1.25 : 1.5, points: { show: false, filter: (u, i) => alone(u.data[i]!) }, ...(c.dash === undefined ? {} : { dash: c.dash }),
        ...((c.fill ?? 0) > 0 ? { fill: `rgba(${r}, ${g}, ${b}, ${c.fill})` } : {}),
        ...(c.stepped === true ? { paths: uPlot.paths.stepped!({ align: 1 }) } : {}),
        fillTo: p.logY === true ? (p.floor ?? 1e-12) : 0,
      } as uPlot.Series;
    })],
    hooks: {
      setCursor: [(u) => p.onCursor?.(cursorIndex(u, p))],
      draw: [(u) => drawMarks(u, p, text, font)],
    },
  };
}

/** Places of values without a neighbour: a line does not show them. */
const alone = (y: ArrayLike<number | null | undefined>): number[] => Array.from(y, (_, i) => i).filter((i) => y[i] != null && y[i - 1] == null && y[i + 1] == null);

/** Steps are under the cursor from their left edge on; points when they are nearest. */
function cursorIndex(u: uPlot, p: Props): number | null {
  const { left, idx } = u.cursor;
  if (left === undefined || left < 0 || idx === null || idx === undefined) return null;
  if (p.curves[0]?.stepped !== true) return idx;
  const x = u.posToVal(left, 'x');
  let i = idx;
  while (i > 0 && p.x[i]! > x) i--;
  return Math.min(i, p.x.length - 2);
}

function linearRange(min: number | null, max: number | null, fromZero: boolean): [number, number] {
  if (min === null || max === null) return [0, 1];
  const low = fromZero ? Math.min(0, min) : min;
  const room = (max - low) * 0.06 || Math.abs(max) * 0.1 || 1;
  return [fromZero && low === 0 ? 0 : low - room, max + room];
}

function drawMarks(u: uPlot, p: Props, color: string, font: string): void {
  if (p.marks === undefined) return;
  const { ctx } = u;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = color;
  ctx.lineWidth = ratio;
  ctx.setLineDash([3 * ratio, 3 * ratio]);
  ctx.font = font.replace('11px', `${10 * ratio}px`);
  ctx.textAlign = 'center';
  for (const m of p.marks) {
    const x = Math.round(u.valToPos(m.x, 'x', true)) + 0.5;
    if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, u.bbox.top + 12 * ratio);
    ctx.lineTo(x, u.bbox.top + u.bbox.height);
    ctx.stroke();
    ctx.fillText(m.label, x, u.bbox.top + 9 * ratio);
  }
  ctx.restore();
}
