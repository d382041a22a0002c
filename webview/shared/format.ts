/** Numbers for people: four significant digits, thousands separators for counts, decimal units. Pure. */

const groups = new Intl.NumberFormat('en-US');

/** 0.02531, 1,234, 12.35, 1.235e-7, NaN, inf. Trailing zeros are kept, so that columns line up. */
export function formatNumber(x: number, digits = 4): string {
  if (Number.isNaN(x)) return 'NaN';
  if (!Number.isFinite(x)) return x > 0 ? 'inf' : '-inf';
  if (x === 0) return '0';
  const a = Math.abs(x);
  // The last digit that shows decides which side of a border a rounded number is on: 0.00099999 is 0.001000.
  if (Number.isInteger(x) && a < 10 ** Math.max(digits, 6)) return groups.format(x);
  const exponent = Number(a.toExponential(digits - 1).split('e')[1]);
  if (exponent < -3 || exponent >= 6) {
    const [mantissa, e] = x.toExponential(digits - 1).split('e') as [string, string];
    return `${mantissa}e${e.startsWith('+') ? e.slice(1) : e}`;
  }
  const decimals = Math.max(0, digits - 1 - exponent);
  return exponent >= 3 ? groups.format(Number(x.toFixed(decimals))) : x.toFixed(decimals);
}

/** 200,960 and beyond 2^53 exactly (the protocol sends such counts as strings). */
export function formatCount(n: number | string): string {
  return typeof n === 'string' ? groups.format(BigInt(n)) : Number.isFinite(n) ? groups.format(Math.round(n)) : String(n);
}

/** 950, 12.3k, 7.24B: for chips where the exact count stands in the tooltip. */
export function formatShort(n: number | string): string {
  const x = Number(n);
  if (x < 10_000) return formatCount(x);
  if (x >= 1e18) return x.toExponential(2).replace('e+', 'e');
  const units = [['k', 1e3], ['M', 1e6], ['B', 1e9], ['T', 1e12], ['P', 1e15]] as const;
  const at = units.findLastIndex(([, size]) => x >= size * 0.9995);
  const [unit, size] = units[Math.max(0, at)]!;
  return `${(x / size).toPrecision(3)}${unit}`;
}

/** Decimal units, as operating systems and model hubs print sizes. */
export function formatBytes(n: number): string {
  if (n < 1000) return `${n} B`;
  const units = ['kB', 'MB', 'GB', 'TB', 'PB'];
  let value = n / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) { value /= 1000; unit++; }
  return `${value >= 999.5 ? value.toExponential(2).replace('e+', 'e') : value.toPrecision(3)} ${units[unit]}`;
}

/** Of `part` in `whole`: 0%, <0.1%, 12.3%, >99.9%, 100%. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0%';
  if (part === whole) return '100%';
  const p = (100 * part) / whole;
  return p < 0.1 ? '<0.1%' : p > 99.9 ? '>99.9%' : `${p.toPrecision(3)}%`;
}

export function formatShape(shape: readonly number[]): string { return `[${shape.join(', ')}]`; }
/** `f32 [2, 3]`. */
export function typeAndShape(dtype: string, shape: readonly number[]): string { return `${shortDtype(dtype)} ${formatShape(shape)}`; }

/** float32 → f32, bfloat16 → bf16, int64 → i64; others as they are. */
export function shortDtype(dtype: string): string {
  return dtype.replace(/^float(?=\d)/, 'f').replace(/^bfloat(?=\d)/, 'bf').replace(/^uint(?=\d)/, 'u').replace(/^int(?=\d)/, 'i').replace(/^complex(?=\d)/, 'c');
}

/** A dotted name as the part that may be cut and the part that must stay: ['encoder.layers.0.', 'weight']. */
export function splitName(name: string): [string, string] {
  const at = name.lastIndexOf('.');
  return [name.slice(0, at + 1), name.slice(at + 1)];
}

/** Rows of a table as tab-separated text for the clipboard: pastes into a spreadsheet. */
export function toTsv(columns: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const cell = (v: string | number | null): string => (v === null ? '' : String(v).replace(/[\t\r\n]+/g, ' '));
  return [columns, ...rows].map((r) => r.map(cell).join('\t')).join('\n') + '\n';
}
