/** Every family of rows; its golden values lie in test/golden/cases/<family>.jsonl. */
import type { Row } from './table';
import * as binary from './rows/binary';
import * as unary from './rows/unary';

export const families: Record<string, readonly Row[]> = {
  unary: unary.rows,
  binary: binary.rows,
};
