/**
 * Safe points: moments at which user code can be looked at or stopped (end of backward(), optimizer.step(), module calls).
 * The runner listens; without a listener a safe point is one null check.
 */
export type SafePointKind = 'backward' | 'step' | 'module';
let listener: ((kind: SafePointKind, subject: unknown) => void) | null = null;

/** @internal */
export function safePoint(kind: SafePointKind, subject: unknown): void {
  if (listener !== null) listener(kind, subject);
}
/** @internal One listener; null takes it away. */
export function onSafePoint(fn: typeof listener): void { listener = fn; }
