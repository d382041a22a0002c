/** What the three checkpoint pages may ask: the engine's requests about their own files and models, exports, and their progress. */
import path from 'node:path';
import * as vscode from 'vscode';

import type { EngineClient } from '../engine/client';
import type { Cancellation } from '../protocol/channel';
import * as checkpoint from '../protocol/checkpoint';
import * as viewer from '../protocol/checkpointPanel';
import type { Request } from '../protocol/rpc';
import { onlyOwn } from './ownSides';
import { cancellable, type Page } from './page';

const t = vscode.l10n.t;

const passed = [
  checkpoint.OpenCheckpoint, checkpoint.CheckpointStructure, checkpoint.CheckpointStats, checkpoint.CheckpointAllStats, checkpoint.CheckpointTile, checkpoint.CheckpointValues,
  checkpoint.CheckpointBlock, checkpoint.CompareCheckpoints, checkpoint.CompareTensor, checkpoint.PreflightLoad,
] as Request<unknown, unknown>[];

/** `own` is asked each time: a file of a remote file system is copied anew when it changes. */
export function answerPage({ channel }: Page, engine: EngineClient, own: () => Promise<checkpoint.Side[]>): vscode.Disposable {
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
  channel.handle(viewer.ExportAs, async (params, signal) => {
    onlyOwn(params, await own());
    return exportAs(engine, params, signal);
  });
  channel.handle(viewer.ShowSide, async ({ side }) => {
    onlyOwn(side, await own());
    if ('file' in side) await vscode.commands.executeCommand('vscode.openWith', vscode.Uri.file(side.file), 'weightroom.checkpoint');
    else await vscode.commands.executeCommand('weightroom.revealInTree', side);
    return null;
  });
  return engine.on(checkpoint.CheckpointProgress, (p) => { if (jobs.has(p.job)) channel.notify(checkpoint.CheckpointProgress, p); });
}

async function exportAs(engine: EngineClient, { at, name, format, slice }: { at: checkpoint.Side; name: string; format: 'npy' | 'csv'; slice?: checkpoint.Slice }, signal: Cancellation): Promise<{ file: string; bytes: number; note?: string } | null> {
  const folder = 'file' in at ? vscode.Uri.file(path.dirname(at.file)) : vscode.workspace.workspaceFolders?.[0]?.uri;
  const uri = await vscode.window.showSaveDialog({ filters: { [format.toUpperCase()]: [format] }, ...(folder ? { defaultUri: vscode.Uri.joinPath(folder, `${name.replace(/[^\w.-]/g, '_') || 'tensor'}.${format}`) } : {}) });
  if (uri === undefined) return null;
  const done = await whileShowing(engine, t('Exporting {0}', name), signal, (token, job) => engine.request(checkpoint.ExportTensor, { at, name, target: uri.fsPath, format, job, ...(slice ? { slice } : {}) }, token));
  void vscode.window.showInformationMessage(t('Wrote {0}', uri.fsPath) + (done.note === undefined ? '' : ` (${done.note})`));
  return done;
}

/** Converts the viewer's file, or some of its tensors. */
export async function convertAs(engine: EngineClient, file: string, names: string[] | undefined, signal: Cancellation): Promise<{ files: string[]; notes: string[] } | null> {
  const ending = /\.safetensors(\.index\.json)?$/.test(file) ? '.pt' : '.safetensors';
  const base = path.join(path.dirname(file), path.basename(file).replace(/\.safetensors\.index\.json$|\.[^.]*$/, '')) + ending;
  const filters: Record<string, string[]> = { safetensors: ['safetensors'], PyTorch: ['pt'], NumPy: ['npz'] };
  const uri = await vscode.window.showSaveDialog({ title: t('Save as .safetensors, .pt or .npz'), defaultUri: vscode.Uri.file(base), filters: ending === '.pt' ? { PyTorch: ['pt'], ...filters } : filters });
  if (uri === undefined) return null;
  const done = await whileShowing(engine, t('Writing {0}', path.basename(uri.fsPath)), signal, (token, job) => engine.request(checkpoint.ConvertCheckpoint, { file, target: uri.fsPath, job, ...(names ? { names } : {}) }, token));
  const said = [t('Wrote {0} tensors to {1}.', done.tensors, path.basename(uri.fsPath)), ...done.notes].join(' ');
  const open = t('Open');
  void vscode.window.showInformationMessage(said, open).then((answer) => { if (answer === open) void vscode.commands.executeCommand('vscode.openWith', vscode.Uri.file(done.files[0] ?? uri.fsPath), 'weightroom.checkpoint'); });
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
