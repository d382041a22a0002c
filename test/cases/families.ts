/** Every family of rows; its golden values lie in test/golden/cases/<family>.jsonl. */
import type { Row } from './table';
import * as activations from './rows/activations';
import * as autograd from './rows/autograd';
import * as binary from './rows/binary';
import * as convolution from './rows/convolution';
import * as data from './rows/data';
import * as errors from './rows/errors';
import * as layerErrors from './rows/layerErrors';
import * as missing from './rows/missing';
import * as indexing from './rows/indexing';
import * as init from './rows/init';
import * as inplace from './rows/inplace';
import * as optim from './rows/optim';
import * as linalg from './rows/linalg';
import * as losses from './rows/losses';
import * as normalization from './rows/normalization';
import * as recurrent from './rows/recurrent';
import * as attention from './rows/attention';
import * as pooling from './rows/pooling';
import * as resizing from './rows/resizing';
import * as sampling from './rows/sampling';
import * as products from './rows/products';
import * as random from './rows/random';
import * as reduce from './rows/reduce';
import * as shape from './rows/shape';
import * as unary from './rows/unary';
import * as lazy from './rows/lazy';
import * as averages from './rows/averages';
import * as distributions from './rows/distributions';
import * as utils from './rows/utils';

export const families: Record<string, readonly Row[]> = {
  autograd: autograd.rows,
  unary: unary.rows,
  binary: binary.rows,
  reduce: reduce.rows,
  shape: shape.rows,
  indexing: indexing.rows,
  products: products.rows,
  linalg: linalg.rows,
  inplace: inplace.rows,
  errors: errors.rows,
  layerErrors: layerErrors.rows,
  missing: missing.rows,
  random: random.rows,
  init: init.rows,
  optim: optim.rows,
  data: data.rows,
  activations: activations.rows,
  convolution: convolution.rows,
  pooling: pooling.rows,
  resizing: resizing.rows,
  losses: losses.rows,
  sampling: sampling.rows,
  normalization: normalization.rows,
  recurrent: recurrent.rows,
  attention: attention.rows,
  averages: averages.rows,
  distributions: distributions.rows,
  utils: utils.rows,
  lazy: lazy.rows,
};
