/** PyTorch's exceptions as JavaScript Error classes; TypeError is JavaScript's own. */

class NamedError extends Error {
  constructor(message?: string) {
    super(message);
    this.name = new.target.name;
  }
}
export class RuntimeError extends NamedError {}
/** A matrix that does not allow what was asked: singular, not positive-definite, not finite. */
export class LinAlgError extends RuntimeError {}
export class IndexError extends NamedError {}
export class ValueError extends NamedError {}
export class KeyError extends NamedError {}
export class AttributeError extends NamedError {}
export class NotImplementedError extends NamedError {}
export class AssertionError extends NamedError {}
/** User code was stopped on request at a safe point. */
export class Interrupted extends NamedError {}
