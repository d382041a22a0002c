/** What the three checkpoint pages may ask: the engine's requests about their own files and models, exports, and their progress. */
import path from 'node:path';
import * as vscode from 'vscode';

import type { EngineClient } from '../engine/client';
import type { Cancellation } from '../protocol/channel';
import * as checkpoint from '../protocol/checkpoint';
import * as viewer from '../protocol/checkpointPanel';
import type { ErrorInfo, Request } from '../protocol/rpc';
import type { LocalCopies } from './localCopies';
import { onlyOwn } from './ownSides';
import { cancellable, type Page } from './page';

const t = vscode.l10n.t;

const passed = [
  checkpoint.OpenCheckpoint, checkpoint.CheckpointStructure, checkpoint.CheckpointStats, checkpoint.CheckpointAllStats, checkpoint.CheckpointTile, checkpoint.CheckpointValues,
  checkpoint.CheckpointBlock, checkpoint.CompareCheckpoints, checkpoint.CompareTensor, checkpoint.PreflightLoad,
] as Request<unknown, unknown>[];

/** `own` is asked each time: a file of a remote file system is copied anew when it changes. */
export function answerPage({ channel }: Page, engine: EngineClient, copies: LocalCopies, own: () => Promise<checkpoint.Side[]>): vscode.Disposable {
  const jobs = new Set<string>();
  for (const message of passed) {
    channel.handle(message, async (params: unknown, signal: Cancellation) => {
      onlyOwn(params, await own());
      const { job } = (params ?? {}) as { job?: string };
      if (job !== undefined) jobs.add(job);
      try {
        return await cancellable(signal, (token) => engine.request(message, params, token));
      } finally {
        if (job !== undefined) jobs.delete(job);
      }
    });
  }
  channel.handle(viewer.ExportAs, (params, signal) => told(async () => {
    onlyOwn(params, await own());
    return exportAs(engine, copies, params, signal);
  }));
  channel.handle(viewer.ShowSide, async ({ side }) => {
    onlyOwn(side, await own());
    if ('file' in side) await vscode.commands.executeCommand('vscode.openWith', copies.original(side.file), 'weightroom.checkpoint');
    else await vscode.commands.executeCommand('weightroom.revealInTree', side);
    return null;
  });
  return engine.on(checkpoint.CheckpointProgress, (p) => { if (jobs.has(p.job)) channel.notify(checkpoint.CheckpointProgress, p); });
}

/** What the page asked for and went wrong is told by the editor: the page has no place for it. Null then, and when it was cancelled. */
export async function told<R>(work: () => Promise<R | null>): Promise<R | null> {
  try {
    return await work();
  } catch (error) {
    if ((error as { info?: ErrorInfo }).info?.kind !== 'interrupted') void vscode.window.showErrorMessage((error as Error).message);
    return null;
  }
}

/** The folder of a file; of one that the window's dialogs do not reach, the workspace's. */
function beside(file: vscode.Uri): vscode.Uri {
  const workspace = vscode.workspace.workspaceFolders?.[0]?.uri;
  return file.scheme === 'file' || workspace === undefined || workspace.scheme === file.scheme ? vscode.Uri.joinPath(file, '..') : workspace;
}

async function exportAs(engine: EngineClient, copies: LocalCopies, { at, name, format, slice }: { at: checkpoint.Side; name: string; format: 'npy' | 'csv'; slice?: checkpoint.Slice }, signal: Cancellation): Promise<{ file: string; bytes: number; note?: string } | null> {
  const folder = 'file' in at ? beside(copies.original(at.file)) : vscode.workspace.workspaceFolders?.[0]?.uri;
  const uri = await vscode.window.showSaveDialog({ filters: { [format.toUpperCase()]: [format] }, ...(folder ? { defaultUri: vscode.Uri.joinPath(folder, `${name.replace(/[^\w.-]/g, '_') || 'tensor'}.${format}`) } : {}) });
  if (uri === undefined) return null;
  const done = await copies.writing(uri, (target) => whileShowing(engine, t('Exporting {0}', name), signal, (token, job) => engine.request(checkpoint.ExportTensor, { at, name, target, format, job, ...(slice ? { slice } : {}) }, token)));
  void vscode.window.showInformationMessage(t('Wrote {0}', vscode.workspace.asRelativePath(uri)) + (done.note === undefined ? '' : ` (${done.note})`));
  return done;
}

/** Converts the viewer's file, or some of its tensors. `from` is the file's own place, `file` where it can be read. */
export async function convertAs(engine: EngineClient, copies: LocalCopies, from: vscode.Uri, file: string, names: string[] | undefined, signal: Cancellation): Promise<{ files: string[]; notes: string[] } | null> {
  const ending = /\.safetensors(\.index\.json)?$/.test(file) ? '.pt' : '.safetensors';
  const base = vscode.Uri.joinPath(beside(from), path.posix.basename(from.path).replace(/\.safetensors\.index\.json$|\.[^.]*$/, '') + ending);
  const filters: Record<string, string[]> = { safetensors: ['safetensors'], PyTorch: ['pt'], NumPy: ['npz'] };
  const uri = await vscode.window.showSaveDialog({ title: t('Save as .safetensors, .pt or .npz'), defaultUri: base, filters: ending === '.pt' ? { PyTorch: ['pt'], ...filters } : filters });
  if (uri === undefined) return null;
  const done = await copies.writing(uri, (target) => whileShowing(engine, t('Writing {0}', path.posix.basename(uri.path)), signal, (token, job) => engine.request(checkpoint.ConvertCheckpoint, { file, target, job, ...(names ? { names } : {}) }, token)));
  const said = [done.tensors === 1 ? t('Wrote 1 tensor to {0}.', path.posix.basename(uri.path)) : t('Wrote {0} tensors to {1}.', done.tensors, path.posix.basename(uri.path)), ...done.notes].join(' ');
  const open = t('Open');
  void vscode.window.showInformationMessage(said, open).then((answer) => { if (answer === open) void vscode.commands.executeCommand('vscode.openWith', uri, 'weightroom.checkpoint'); });
  return done;
}

/** A notification with the share done and a cancel button; the page's own cancelling counts too. */
function whileShowing<R>(engine: EngineClient, title: string, signal: Cancellation, work: (token: vscode.CancellationToken, job: string) => Promise<R>): Promise<R> {
  const job = `host-${++jobs}`;
  return Promise.resolve(vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, (progress, token) => {
    let told = 0;
    const listening = engine.on(checkpoint.CheckpointProgress, (p) => {
      if (p.job !== job || p.total <= 0) return;
      const percent = (100 * p.done) / p.total;
      progress.report({ increment: percent - told, message: `${Math.floor(percent)} %` });
      told = percent;
    });
    return cancellable(signal, (inner) => {
      const both = new vscode.CancellationTokenSource();
      const stop = vscode.Disposable.from(...[inner, token].map((x) => x.onCancellationRequested(() => both.cancel())), both);
      return work(both.token, job).finally(() => stop.dispose());
    }).finally(() => listening.dispose());
  }));
}
let jobs = 0;
