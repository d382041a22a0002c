/** Values of the inert pickle machine. Nothing here is ever a live Python object: a class asked for stays a name. */

/** A name the pickle asked for. */
export class GlobalRef {
  constructor(readonly module: string, readonly name: string) {}
  get qualified(): string { return `${this.module}.${this.name}`; }
}
/** A call or construction that was asked for and not made: what, with what, and the state given afterwards. */
export class Call {
  state: PickleValue | undefined;
  /** Items appended or set on it afterwards. */
  items: [PickleValue, PickleValue][] = [];
  list: PickleValue[] = [];
  constructor(readonly fn: PickleValue, readonly args: PickleValue) {}
}
export class PersistentId { constructor(readonly id: PickleValue) {} }
export class Tuple { constructor(readonly items: PickleValue[]) {} }
export class PyDict { readonly map = new Map<PickleValue, PickleValue>(); ordered = false; state: PickleValue | undefined; }
export class PySet { readonly items: PickleValue[] = []; constructor(readonly frozen = false) {} }
export class PyBytes { constructor(readonly bytes: Buffer) {} }
/** A float keeps its type even when it is whole: 1.0 is not 1. */
export class PyFloat { constructor(readonly value: number) {} }

export type PickleValue = null | boolean | number | bigint | string | PyFloat | PyBytes | Tuple | PickleValue[] | PyDict | PySet | GlobalRef | Call | PersistentId;
