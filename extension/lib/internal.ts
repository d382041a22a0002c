/** What the engine process reaches of the library beyond the public API. Not for users. */
export { native } from './native';
export { onSafePoint, type SafePointKind } from './safePoint';
export { stats as fileStats } from './statistics';
