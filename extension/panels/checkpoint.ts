/**
 * The checkpoint viewer: a read-only custom editor; and beside it two editors of their own that come back after a reload: the comparison
 * of two sides, and the preflight of loading a file into a live model. All bytes are read in the engine process; a page is given structure,
 * bins, tiles and pages of values. `weightroom.openCompare` and `weightroom.openPreflight` are for callers in the extension.
 */
import path from 'node:path';
import * as vscode from 'vscode';

import type { EngineClient } from '../engine/client';
import { PrepareCheckpoint, type Side } from '../protocol/checkpoint';
import * as viewer from '../protocol/checkpointPanel';
import { ModelChanged, type ModelId } from '../protocol/model';
import { CheckpointDocument } from './checkpointDocument';
import { answerPage, convertAs } from './checkpointRequests';
import { openPage, type Page } from './page';

/** The manifest declares two: formats that are ours by default, and endings that many tools share. */
const viewTypes = ['weightroom.checkpoint', 'weightroom.checkpoint.option'];

export function registerCheckpointEditor(context: vscode.ExtensionContext, engine: EngineClient): vscode.Disposable {
  const provider: vscode.CustomReadonlyEditorProvider<CheckpointDocument> = {
    openCustomDocument: (uri) => new CheckpointDocument(context, uri),
    resolveCustomEditor: (document, panel) => showFile(context, engine, document, panel),
  };
  const restore = <T extends viewer.SubjectKind>(kind: T, show: (panel: vscode.WebviewPanel, subject: viewer.Subject & { kind: T }) => void): vscode.Disposable =>
    vscode.window.registerWebviewPanelSerializer(`weightroom.${kind}`, {
      deserializeWebviewPanel(panel, state: unknown) {
        const subject = (state as { subject?: viewer.Subject } | null)?.subject;
        if (subject?.kind === kind) show(panel, subject as viewer.Subject & { kind: T });
        else panel.dispose();
        return Promise.resolve();
      },
    });
  return vscode.Disposable.from(
    ...viewTypes.map((type) => vscode.window.registerCustomEditorProvider(type, provider, { supportsMultipleEditorsPerDocument: true })),
    vscode.commands.registerCommand('weightroom.openCompare', (a: Side, b: Side) => openCompare(context, engine, a, b)),
    restore('compare', (panel, s) => showCompare(context, engine, panel, s)),
    vscode.commands.registerCommand('weightroom.openPreflight', (file: string, model: ModelId, at: string) => openPreflight(context, engine, file, model, at)),
    restore('preflight', (panel, s) => showPreflight(context, engine, panel, s)),
  );
}

function showFile(context: vscode.ExtensionContext, engine: EngineClient, document: CheckpointDocument, panel: vscode.WebviewPanel): void {
  const page = openPage(context, panel.webview, 'checkpoint', 'checkpoint');
  const { channel } = page;
  // Read while the page is being made; what is wrong with the file the page is told when it asks.
  void document.file().then((file) => engine.request(PrepareCheckpoint, { file })).catch(() => undefined);
  const name = vscode.workspace.asRelativePath(document.uri);
  channel.handle(viewer.GetSubject, async (): Promise<viewer.Subject> => ({ kind: 'file', file: await document.file(), name }));
  channel.handle(viewer.CompareWith, async () => { await vscode.commands.executeCommand('weightroom.compareCheckpoints', vscode.Uri.file(await document.file())); return null; });
  channel.handle(viewer.LoadIntoModel, async () => { await vscode.commands.executeCommand('weightroom.loadCheckpoint', vscode.Uri.file(await document.file())); return null; });
  channel.handle(viewer.ConvertAs, async ({ names }, signal) => convertAs(engine, await document.file(), names, signal));
  const subscriptions = vscode.Disposable.from(answerPage(page, engine, async () => [{ file: await document.file() }]), document.onDidChange(() => channel.notify(viewer.SubjectChanged, null)));
  panel.onDidDispose(() => { subscriptions.dispose(); page.dispose(); });
}

// --- compare

const nameOf = (s: Side): string => ('file' in s ? vscode.workspace.asRelativePath(s.file) : `${s.model.replace(/^.*#/, '')}${s.path === '' ? '' : `.${s.path}`}`);

function openCompare(context: vscode.ExtensionContext, engine: EngineClient, a: Side, b: Side): void {
  const subject = { kind: 'compare' as const, a, b, nameA: nameOf(a), nameB: nameOf(b) };
  showCompare(context, engine, newPanel('compare', `${path.posix.basename(subject.nameA)} ↔ ${path.posix.basename(subject.nameB)}`), subject);
}

function showCompare(context: vscode.ExtensionContext, engine: EngineClient, panel: vscode.WebviewPanel, subject: viewer.Subject & { kind: 'compare' }): void {
  const page = openPage(context, panel.webview, 'checkpoint', 'compare');
  page.channel.handle(viewer.GetSubject, () => subject);
  page.channel.handle(viewer.SwapSides, () => { openCompare(context, engine, subject.b, subject.a); panel.dispose(); return null; });
  follow(engine, panel, page, [subject.a, subject.b]);
}

// --- preflight

function openPreflight(context: vscode.ExtensionContext, engine: EngineClient, file: string, model: ModelId, at: string): void {
  const subject = { kind: 'preflight' as const, file, model, path: at, nameFile: nameOf({ file }), nameModel: nameOf({ model, path: at }) };
  showPreflight(context, engine, newPanel('preflight', `${path.posix.basename(subject.nameFile)} → ${subject.nameModel}`), subject);
}

function showPreflight(context: vscode.ExtensionContext, engine: EngineClient, panel: vscode.WebviewPanel, subject: viewer.Subject & { kind: 'preflight' }): void {
  const page = openPage(context, panel.webview, 'checkpoint', 'preflight');
  const { file, model, path: at } = subject;
  page.channel.handle(viewer.GetSubject, () => subject);
  page.channel.handle(viewer.LoadNow, async (decision) => { await vscode.commands.executeCommand('weightroom.loadCheckpoint', vscode.Uri.file(file), { model, path: at }, decision); return null; });
  follow(engine, panel, page, [{ file }, { model, path: at }]);
}

// --- shared

function newPanel(kind: viewer.SubjectKind, title: string): vscode.WebviewPanel {
  return vscode.window.createWebviewPanel(`weightroom.${kind}`, title, vscode.ViewColumn.Active);
}

/** Answers the page about these sides while the panel is open, and says when one of them changes. */
function follow(engine: EngineClient, panel: vscode.WebviewPanel, page: Page, sides: Side[]): void {
  const changed = (): void => page.channel.notify(viewer.SubjectChanged, null);
  const subscriptions = vscode.Disposable.from(answerPage(page, engine, () => Promise.resolve(sides)), ...sides.map((s) => whenChanged(engine, s, changed)));
  panel.onDidDispose(() => { subscriptions.dispose(); page.dispose(); });
}

/** Calls when a side's bytes or values change. */
function whenChanged(engine: EngineClient, side: Side, changed: () => void): vscode.Disposable {
  if ('model' in side) return engine.on(ModelChanged, ({ model }) => { if (model === null || model === side.model) changed(); });
  const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(vscode.Uri.file(path.dirname(side.file)), path.basename(side.file)));
  let timer: NodeJS.Timeout | undefined;
  const soon = (): void => { clearTimeout(timer); timer = setTimeout(changed, 300); };
  watcher.onDidChange(soon);
  watcher.onDidCreate(soon);
  return new vscode.Disposable(() => { clearTimeout(timer); watcher.dispose(); });
}
