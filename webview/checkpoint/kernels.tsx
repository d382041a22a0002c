/**
 * Convolution kernels as a grid of small images: one row an output channel, one column an input channel, on one scale. Weights of three
 * input channels can be seen as colours too. A page at a time, so that any layer opens at once.
 */
import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

import { CheckpointBlock, type Side, type TensorInfo } from '../../extension/protocol/checkpoint';
import { floats } from '../shared/base64';
import { Figure, type Table } from '../shared/figure';
import { formatNumber } from '../shared/format';
import { host } from '../shared/host';
import { t } from '../shared/l10n';
import { Banner, Busy } from '../shared/page';
import { useAnswer, usePersisted } from '../shared/state';
import { useTheme } from '../shared/theme';
import { Checkbox, IconButton } from '../shared/toolkit';
import { largest, Legend, Pixels, savePng } from './picture';

/** Weights of a 2-D convolution whose kernels are small enough to be looked at as such. */
export const hasKernels = ({ shape }: Pick<TensorInfo, 'shape'>): boolean => shape.length === 4 && shape[2]! * shape[3]! > 1 && shape[2]! <= 64 && shape[3]! <= 64 && shape[0]! * shape[1]! > 0;

const PAGE = 32;
/** Of a kernel's element, in pixels of the picture. */
const GAP = 1;

interface Page { values: Float32Array; low: number; high: number; from: [number, number]; count: [number, number] }

export function Kernels({ at, tensor }: { at: Side; tensor: Pick<TensorInfo, 'name' | 'shape'> }): JSX.Element {
  const [outputs, inputs, kh, kw] = tensor.shape as [number, number, number, number];
  const [[o, i], move] = useState<[number, number]>([0, 0]);
  const [colours, setColours] = usePersisted('kernelColours', true);
  const count: [number, number] = [Math.min(PAGE, outputs - o), Math.min(PAGE, inputs - i)];
  const { value: page, error, loading } = useAnswer(async (signal): Promise<Page> => {
    const b = await host.request(CheckpointBlock, { at, name: tensor.name, start: [o, i, 0, 0], count: [...count, kh, kw] }, signal);
    return { values: floats(b.values), low: b.low, high: b.high, from: [o, i], count };
  }, [tensor.name, o, i], true);
  return (
    <>
      <div class="row-line dim kernel-tools">
        <IconButton icon="chevronUp" title={t('Kernels before')} disabled={o === 0} onClick={() => move([o - PAGE, i])} /><IconButton icon="chevronDown" title={t('Kernels after')} disabled={o + PAGE >= outputs} onClick={() => move([o + PAGE, i])} />
        <IconButton icon="chevronLeft" title={t('Channels before')} disabled={i === 0} onClick={() => move([o, i - PAGE])} /><IconButton icon="chevronRight" title={t('Channels after')} disabled={i + PAGE >= inputs} onClick={() => move([o, i + PAGE])} />
        <span>{t('dim 0: {0}–{1} of {2} (down), dim 1: {3}–{4} of {5} (across)', o, o + count[0] - 1, outputs, i, i + count[1] - 1, inputs)}</span>
        {inputs === 3 ? <><span class="grow" /><Checkbox checked={colours} onChange={setColours}>{t('as colours')}</Checkbox></> : null}
      </div>
      {error === undefined ? null : <Banner kind="error">{error}</Banner>}
      {page === undefined ? (loading ? <Busy text={t('Reading…')} /> : null) : <Picture page={page} name={tensor.name} size={[kh, kw]} colours={colours && inputs === 3} />}
    </>
  );
}

function Picture({ page, name, size: [kh, kw], colours }: { page: Page; name: string; size: [number, number]; colours: boolean }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useTheme();
  const [kernel, setKernel] = useState<[number, number] | null>(null);
  const { values, count: [no, ni] } = page;
  const limit = largest(page.low, page.high);
  // Colours need one image a kernel: as many side by side as make the picture wide.
  const across = colours ? Math.min(no, Math.max(1, Math.ceil(Math.sqrt(no * 2)))) : ni;
  const down = colours ? Math.ceil(no / across) : no;
  const at = kernel === null || kernel[0] >= down || kernel[1] >= across || (colours && kernel[0] * across + kernel[1] >= no) ? null : kernel;
  const of = ([y, x]: [number, number]): { o: number; i: number; part: Float32Array } => {
    const o = colours ? y * across + x : y, i = colours ? 0 : x;
    const from = (o * ni + i) * kh * kw;
    return { o: page.from[0] + o, i: page.from[1] + i, part: values.subarray(from, from + kh * kw * (colours ? ni : 1)) };
  };
  const [low, high] = [(v: Float32Array): number => v.reduce((a, b) => Math.min(a, b), Infinity), (v: Float32Array): number => v.reduce((a, b) => Math.max(a, b), -Infinity)];
  const mean = (v: Float32Array): number => v.reduce((a, b) => a + b, 0) / v.length;
  const norm = (v: Float32Array): number => Math.sqrt(v.reduce((a, b) => a + b * b, 0));
  const reading = (): string => {
    if (at === null) return '';
    const { o, i, part } = of(at);
    return `[${o}, ${colours ? ':' : i}] ${t('mean {0}, {1} to {2}', formatNumber(mean(part)), formatNumber(low(part)), formatNumber(high(part)))}`;
  };
  const table = (): Table => ({
    columns: ['dim 0', 'dim 1', t('mean'), t('min'), t('max'), t('L2 norm')],
    rows: Array.from({ length: no * ni }, (_, k) => { const part = values.subarray(k * kh * kw, (k + 1) * kh * kw); return [page.from[0] + Math.floor(k / ni), page.from[1] + (k % ni), mean(part), low(part), high(part), norm(part)]; }),
  });
  const onKeyDown = (e: KeyboardEvent): void => {
    const step = ({ ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] } as Record<string, [number, number]>)[e.key];
    if (step === undefined) return;
    e.preventDefault();
    setKernel(at === null ? [0, 0] : [Math.max(0, Math.min(down - 1, at[0] + step[0])), Math.max(0, Math.min(across - 1, at[1] + step[1]))]);
  };
  return (
    <Figure title={colours ? t('Kernels as colours') : t('Kernels')} name={t('Kernels of {0}', name)} reading={reading()} table={table} actions={<IconButton icon="save" title={t('Save as PNG')} onClick={() => { if (canvas.current !== null) savePng(canvas.current, name); }} />}>
      <Grid canvas={canvas} page={page} size={[kh, kw]} colours={colours} limit={limit} theme={theme} across={across} down={down} at={at} label={t('Kernels of {0}', name)} onKernel={setKernel} onKeyDown={onKeyDown} />
      {colours ? <p class="dim">{t('Red, green and blue are the three input channels; grey is zero.')}</p> : <Legend limit={limit} theme={theme} nonFinite={values.reduce((n, v) => n + (Number.isFinite(v) ? 0 : 1), 0)} />}
    </Figure>
  );
}

interface GridProps { canvas: { current: HTMLCanvasElement | null }; page: Page; size: [number, number]; colours: boolean; limit: number; theme: number; across: number; down: number; at: [number, number] | null; label: string; onKernel: (k: [number, number] | null) => void; onKeyDown: (e: KeyboardEvent) => void }

function Grid({ canvas, page: { values, count: [no, ni] }, size: [kh, kw], colours, limit, theme, across, down, at, label, onKernel, onKeyDown }: GridProps): JSX.Element {
  const width = across * (kw + GAP) - GAP, height = down * (kh + GAP) - GAP;
  useLayoutEffect(() => {
    const pixels = new Pixels(width, height);
    for (let k = 0; k < no * (colours ? 1 : ni); k++) {
      const top = Math.floor(k / across) * (kh + GAP), left = (k % across) * (kw + GAP);
      for (let p = 0; p < kh * kw; p++) {
        const i = (top + Math.floor(p / kw)) * width + left + (p % kw);
        if (!colours) { pixels.set(i, values[k * kh * kw + p]!, limit); continue; }
        const c = (channel: number): number => { const v = values[(k * ni + channel) * kh * kw + p]!; return Number.isFinite(v) ? 127.5 + 127.5 * (v / limit) : 127.5; };
        pixels.setRgb(i, c(0), c(1), c(2));
      }
    }
    pixels.show(canvas.current!);
  }, [values, theme, colours]);
  const onPointerMove = (e: PointerEvent): void => {
    const r = canvas.current!.getBoundingClientRect();
    const x = Math.floor((((e.clientX - r.left) / r.width) * width) / (kw + GAP)), y = Math.floor((((e.clientY - r.top) / r.height) * height) / (kh + GAP));
    onKernel([Math.max(0, Math.min(down - 1, y)), Math.max(0, Math.min(across - 1, x))]);
  };
  const share = (n: number, whole: number): string => `${(100 * n) / whole}%`;
  return (
    <div class="heat-box kernels" style={{ width: `min(100%, ${width * 8}px)` }}>
      <canvas ref={canvas} class="heat" width={width} height={height} tabIndex={0} role="img" aria-label={label} style={{ aspectRatio: `${width / height}`, maxHeight: 'none' }} onPointerMove={onPointerMove} onPointerLeave={() => onKernel(null)} onKeyDown={onKeyDown} />
      {at === null ? null : <i class="heat-cursor" aria-hidden="true" style={{ top: share(at[0] * (kh + GAP), height), left: share(at[1] * (kw + GAP), width), height: share(kh, height), width: share(kw, width) }} />}
    </div>
  );
}
