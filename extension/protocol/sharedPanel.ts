/** What every panel may ask of its host, and what a panel is given when its page is made. */
import { request } from './rpc';

/** JSON in the page's `boot` element. */
export interface Boot {
  /** Which page of the bundle this is: gradients, checkpoint, compare, preflight. */
  page: string;
  /** BCP 47. */
  language: string;
  /** English → language of the editor; absent strings stay English. */
  strings: Record<string, string>;
}

export const CopyText = request<{ text: string }, null>('panel/copy');
/** Asks where to save, then writes. `data` is base64. Null when the user gave up. */
export const SaveFile = request<{ data: string; name: string; kind: 'png' | 'csv' }, { file: string } | null>('panel/save');
