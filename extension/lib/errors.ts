/** PyTorch's exceptions as JavaScript Error classes; TypeError is JavaScript's own. */

class NamedError extends Error {
  constructor(message?: string) {
    super(message);
    this.name = new.target.name;
  }
}
/** PyTorch's RuntimeError: shapes, dtypes, devices or a graph that do not allow the operation. */
export class RuntimeError extends NamedError {}
/** A matrix that does not allow what was asked: singular, not positive-definite, not finite. */
export class LinAlgError extends RuntimeError {}
/** A position or dim out of range. */
export class IndexError extends NamedError {}
/** An argument of the right type with a value that is not allowed. */
export class ValueError extends NamedError {}
/** A name that is not there. */
export class KeyError extends NamedError {}
/** A module without that parameter, buffer or child. */
export class AttributeError extends NamedError {}
/** An operation that does not exist for this dtype, device or shape. */
export class NotImplementedError extends NamedError {}
/** A condition that PyTorch asserts does not hold. */
export class AssertionError extends NamedError {}
/** User code was stopped on request at a safe point. */
export class Interrupted extends NamedError {}
