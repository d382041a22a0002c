/** The panel's end of the channel to its host, and what survives when the page is thrown away. Made once a page. */
import { Channel } from '../../extension/protocol/channel';
import type { Boot } from '../../extension/protocol/sharedPanel';

interface VsCodeApi { postMessage(message: unknown): void; getState(): unknown; setState(state: unknown): void }
declare function acquireVsCodeApi(): VsCodeApi;

const api = acquireVsCodeApi();
export const boot = JSON.parse(document.getElementById('boot')!.textContent!) as Boot;

/** Names a session or a job. (crypto.randomUUID is missing on pages served over plain http.) */
export const uniqueId = (): string => `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;

export const host = new Channel((message) => api.postMessage(message), uniqueId());
window.addEventListener('message', (event: MessageEvent) => host.receive(event.data));

/** The page's own state: small, kept through hiding, moving and reloading. */
let state = (api.getState() ?? {}) as Record<string, unknown>;
export function readState<T>(key: string): T | undefined { return state[key] as T | undefined; }
export function writeState(key: string, value: unknown): void {
  state = { ...state, [key]: value };
  api.setState(state);
}
