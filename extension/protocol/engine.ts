/** Messages about the engine process itself. */
import { request } from './rpc';

export interface DeviceInfo { name: string; available: boolean; /** Adapter, or why there is none. */ detail: string }

export const Hello = request<null, { version: string; node: string; pid: number }>('engine/hello');
export const Devices = request<null, DeviceInfo[]>('engine/devices');
/** Ends the process at once, as a crash would: for tests and for `weightroom.restartEngine`. */
export const Die = request<null, null>('engine/die');
