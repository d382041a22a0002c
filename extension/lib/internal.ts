/** What the engine process reaches of the library beyond the public API. Not for users. */
export { engineType } from './fileTensors';
export { native } from './native';
export { misfit } from './nn/misfit';
export { onSafePoint, type SafePointKind } from './safePoint';
export { stats as fileStats, LANES as statisticsLanes } from './statistics';
export { unsized } from './tensor';
