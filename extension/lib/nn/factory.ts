/** What layers share: where and in which type their parameters are made, and how Python prints settings. */
import type { DeviceLike } from '../device';
import { float32, type DType } from '../dtype';
import { pyFloat } from '../format';

/** Where and in which dtype a layer makes its parameters; float32 on the CPU by default. */
export interface FactoryOptions {
  /** The device of the parameters. */
  device?: DeviceLike;
  /** The dtype of the parameters. */
  dtype?: DType;
}
export const factory = (o: FactoryOptions): FactoryOptions => ({ dtype: o.dtype ?? float32, ...(o.device === undefined ? {} : { device: o.device }) });
export const pyBool = (b: boolean): string => (b ? 'True' : 'False');
/** (3, 3), (3,) */
export const pyTuple = (v: readonly (number | null)[]): string => `(${v.map((x) => x ?? 'None').join(', ')}${v.length === 1 ? ',' : ''})`;
/** 2 as it was given, or (2, 3). */
export const pySize = (v: number | readonly (number | null)[]): string => (typeof v === 'number' ? String(v) : pyTuple(v));
/** 2 or 0.5: as Python prints a number that was given so. */
export const pyNumber = (v: number): string => (Number.isInteger(v) ? String(v) : pyFloat(v));
