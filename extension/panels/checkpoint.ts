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
import { answerPage, convertAs, told } from './checkpointRequests';
import type { LocalCopies } from './localCopies';
import { openPage, type Page } from './page';
import { watchFile } from './watchFile';

/** The manifest declares two: formats that are ours by default, and endings that many tools share. */
const viewTypes = ['weightroom.checkpoint', 'weightroom.checkpoint.option'];

interface Around { context: vscode.ExtensionContext; engine: EngineClient; copies: LocalCopies }

export function registerCheckpointEditor(around: Around): vscode.Disposable {
  const provider: vscode.CustomReadonlyEditorProvider<CheckpointDocument> = {
    openCustomDocument: (uri) => new CheckpointDocument(around.copies, uri),
    resolveCustomEditor: (document, panel) => showFile(around, document, panel),
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
    vscode.commands.registerCommand('weightroom.openCompare', (a: Side, b: Side) => openCompare(around, a, b)),
    restore('compare', (panel, s) => showCompare(around, panel, s)),
    vscode.commands.registerCommand('weightroom.openPreflight', (file: string, model: ModelId, at: string) => openPreflight(around, file, model, at)),
    restore('preflight', (panel, s) => showPreflight(around, panel, s)),
  );
}

function showFile({ context, engine, copies }: Around, document: CheckpointDocument, panel: vscode.WebviewPanel): void {
  const page = openPage(context, panel.webview, 'checkpoint', 'checkpoint');
  const { channel } = page;
  // Read while the page is being made; what is wrong with the file the page is told when it asks.
  void document.file().then((file) => engine.request(PrepareCheckpoint, { file })).catch(() => undefined);
  const name = vscode.workspace.asRelativePath(document.uri);
  channel.handle(viewer.GetSubject, async (): Promise<viewer.Subject> => ({ kind: 'file', file: await document.file(), name }));
  channel.handle(viewer.CompareWith, async () => { await vscode.commands.executeCommand('weightroom.compareCheckpoints', document.uri); return null; });
  channel.handle(viewer.LoadIntoModel, async () => { await vscode.commands.executeCommand('weightroom.loadCheckpoint', document.uri); return null; });
  channel.handle(viewer.ConvertAs, ({ names }, signal) => told(async () => convertAs(engine, copies, document.uri, await document.file(), names, signal)));
  const subscriptions = vscode.Disposable.from(answerPage(page, engine, copies, async () => [{ file: await document.file() }]), document.onDidChange(() => channel.notify(viewer.SubjectChanged, null)));
  panel.onDidDispose(() => { subscriptions.dispose(); page.dispose(); });
}

// --- compare

const nameOf = ({ copies }: Around, s: Side): string => ('file' in s ? vscode.workspace.asRelativePath(copies.original(s.file)) : `${s.model.replace(/^.*#/, '')}${s.path === '' ? '' : `.${s.path}`}`);
/** Where a side's file was copied from, for the next life of its page. */
const fromOf = ({ copies }: Around, s: Side): string | undefined => { const uri = 'file' in s ? copies.original(s.file) : undefined; return uri === undefined || uri.scheme === 'file' ? undefined : uri.toString(); };

function openCompare(around: Around, a: Side, b: Side): void {
  const subject = { kind: 'compare' as const, a, b, nameA: nameOf(around, a), nameB: nameOf(around, b), fromA: fromOf(around, a), fromB: fromOf(around, b) };
  showCompare(around, newPanel('compare', `${path.posix.basename(subject.nameA)} ↔ ${path.posix.basename(subject.nameB)}`), subject);
}

function showCompare(around: Around, panel: vscode.WebviewPanel, subject: viewer.Subject & { kind: 'compare' }): void {
  const page = openPage(around.context, panel.webview, 'checkpoint', 'compare');
  page.channel.handle(viewer.SwapSides, () => { openCompare(around, subject.b, subject.a); panel.dispose(); return null; });
  follow(around, panel, page, subject, [[subject.a, subject.fromA], [subject.b, subject.fromB]]);
}

// --- preflight

function openPreflight(around: Around, file: string, model: ModelId, at: string): void {
  const side = { file };
  const subject = { kind: 'preflight' as const, file, model, path: at, nameFile: nameOf(around, side), nameModel: nameOf(around, { model, path: at }), from: fromOf(around, side) };
  showPreflight(around, newPanel('preflight', `${path.posix.basename(subject.nameFile)} → ${subject.nameModel}`), subject);
}

function showPreflight(around: Around, panel: vscode.WebviewPanel, subject: viewer.Subject & { kind: 'preflight' }): void {
  const page = openPage(around.context, panel.webview, 'checkpoint', 'preflight');
  const { file, model, path: at } = subject;
  page.channel.handle(viewer.LoadNow, async (decision) => { await vscode.commands.executeCommand('weightroom.loadCheckpoint', vscode.Uri.file(file), { model, path: at }, decision); return null; });
  follow(around, panel, page, subject, [[{ file }, subject.from], [{ model, path: at }, undefined]]);
}

// --- shared

function newPanel(kind: viewer.SubjectKind, title: string): vscode.WebviewPanel {
  return vscode.window.createWebviewPanel(`weightroom.${kind}`, title, vscode.ViewColumn.Active);
}

/** Answers the page about these sides while the panel is open, and says when one of them changes. `from`: what a side's file is a copy of. */
function follow({ engine, copies }: Around, panel: vscode.WebviewPanel, page: Page, subject: viewer.Subject, sides: [side: Side, from: string | undefined][]): void {
  const changed = (): void => page.channel.notify(viewer.SubjectChanged, null);
  const uris = sides.map(([side, from]) => ('file' in side ? (from === undefined ? vscode.Uri.file(side.file) : vscode.Uri.parse(from, true)) : undefined));
  const here = async (): Promise<void> => { for (const uri of uris) if (uri !== undefined) await copies.pathOf(uri); };
  page.channel.handle(viewer.GetSubject, async () => { await here(); return subject; });
  const watching = sides.map(([side], i): vscode.Disposable => {
    const uri = uris[i];
    if (uri !== undefined) return vscode.Disposable.from(copies.use(uri), watchFile(uri, () => { copies.forget(uri); changed(); }));
    return engine.on(ModelChanged, ({ model }) => { if (model === null || ('model' in side && model === side.model)) changed(); });
  });
  const subscriptions = vscode.Disposable.from(answerPage(page, engine, copies, async () => { await here(); return sides.map(([side]) => side); }), ...watching);
  panel.onDidDispose(() => { subscriptions.dispose(); page.dispose(); });
}
