/** Requests that only the main thread sends to the runner; all others are the host's own, passed on. */
import type { RunResult } from '../protocol/model';
import { request } from '../protocol/rpc';
import type { Bundle } from './bundle';

export const RunBundle = request<{ bundle: Bundle; keepWeights: boolean }, RunResult>('runner/run');
