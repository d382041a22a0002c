/** Errors as they leave the engine: whose they are, PyTorch's name and text, and the user's own line. */
import fs from 'node:fs';
import path from 'node:path';
import type { BuildFailure } from 'esbuild';

import type { ErrorInfo } from '../protocol/rpc';

/** Folders whose frames are ours or Node's, not the user's. */
const ours = [path.resolve(__dirname, '..'), `${path.sep}node_modules${path.sep}`];
const frame = /^\s*at (?:(?:async )?.*? \()?((?:file:\/\/)?[^()\s][^()]*?):(\d+):(\d+)\)?$/;

/** Sources that are no files, by the name they have in stacks: notebook cells. `label` is how a person calls them. */
export const virtualSources = new Map<string, { file: string; label: string }>();

/** The first frame of the user's in a stack that is already mapped to sources. */
export function userFrame(stack: string | undefined): ErrorInfo['location'] {
  for (const line of (stack ?? '').split('\n')) {
    const m = frame.exec(line);
    if (m === null || m[1]!.startsWith('node:')) continue;
    const cell = virtualSources.get(m[1]!);
    if (cell !== undefined) return { file: cell.file, line: Number(m[2]), column: Number(m[3]) };
    const file = m[1]!.startsWith('file://') ? decodeURIComponent(new URL(m[1]!).pathname) : m[1]!;
    if (ours.some((o) => file.startsWith(o) || (o.startsWith(path.sep) && o.endsWith(path.sep) && file.includes(o))) || !path.isAbsolute(file) || !fs.existsSync(file)) continue;
    return { file, line: Number(m[2]), column: Number(m[3]) };
  }
  return undefined;
}

/** In the names of the user's source: `nn.Linaer is not a constructor`, where the bundle says `import_weightroom.nn.Linaer`. */
const messageOf = ({ message }: Error): string => message.replace(/\(0 ?, ?import_\w+\.([\w$.]+)\)/g, '$1').replace(/\bimport_\w+\.(?=[\w$])/g, '');

/** The user's frames only, cells by their label: editors make links of `Cell In[3], line 2`. Models are callable, which V8 calls Proxy. */
function userStack(error: Error): string {
  const frames = (error.stack ?? '').split('\n').flatMap((line) => {
    const at = frame.test(line) ? userFrame(line) : undefined;
    if (at === undefined) return [];
    const cell = virtualSources.get(frame.exec(line)![1]!);
    return [cell === undefined ? line.replace('at Proxy.', 'at ') : `    ${cell.label}, line ${at.line}`];
  });
  return [`${error.name}: ${messageOf(error)}`, ...frames].join('\n');
}

/** An error already in its final form. */
export class ReportedError extends Error {
  constructor(readonly info: ErrorInfo) { super(info.message); }
}
export function fail(kind: ErrorInfo['kind'], name: string, message: string, location?: ErrorInfo['location']): never {
  throw new ReportedError({ kind, name, message, ...(location ? { location } : {}) });
}

const fileErrors = new Set(['CheckpointError']);

/** `kind`: whose error it is when nothing else tells. */
export function errorInfo(error: unknown, kind: ErrorInfo['kind'] = 'user'): ErrorInfo {
  if (error instanceof ReportedError) return error.info;
  if (!(error instanceof Error)) return { kind, name: 'Error', message: `something that is no Error was thrown: ${String(error)}` };
  if (error.name === 'Interrupted') return { kind: 'interrupted', name: 'Interrupted', message: error.message };
  const location = userFrame(error.stack);
  return {
    kind: fileErrors.has(error.name) ? 'file' : kind, name: error.name, message: messageOf(error),
    // Where no frame is the user's, ours say more than nothing.
    ...(location ? { location, stack: userStack(error) } : error.stack ? { stack: error.stack } : {}),
  };
}

/** esbuild's first error, as Python would call it. */
export function syntaxError(failure: BuildFailure, file: string): ErrorInfo {
  const first = failure.errors[0];
  if (first === undefined) return { kind: 'user', name: 'SyntaxError', message: failure.message };
  const more = failure.errors.length > 1 ? ` (and ${failure.errors.length - 1} more)` : '';
  const at = first.location;
  const where = at === null ? file : path.resolve(path.dirname(file), at.file);
  return {
    kind: 'user', name: /resolve/.test(first.text) ? 'ImportError' : 'SyntaxError', message: first.text + more,
    location: { file: where, line: at?.line ?? 1, column: (at?.column ?? 0) + 1 },
  };
}
