/** Words in the editor's language: the English text is the key, `{0}` are holes. The host injects the translations. */
import { boot } from './host';

export function t(message: string, ...values: (string | number)[]): string {
  return (boot.strings[message] ?? message).replace(/\{(\d+)\}/g, (hole, i: string) => String(values[Number(i)] ?? hole));
}
