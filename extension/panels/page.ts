/** A panel's page in a webview and the channel to it. */
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';

import type { EngineClient } from '../engine/client';
import { Channel, type Cancellation } from '../protocol/channel';
import type { Request } from '../protocol/rpc';
import { CopyText, SaveFile } from '../protocol/sharedPanel';
import { pageHtml } from './pageHtml';

export interface Page { channel: Channel; dispose(): void }

/** `bundle`: dist/webview/<bundle>.js and .css; `page` says which page of it. */
export function openPage(context: vscode.ExtensionContext, webview: vscode.Webview, bundle: string, page: string): Page {
  const dist = vscode.Uri.joinPath(context.extensionUri, 'dist', 'webview');
  webview.options = { enableScripts: true, localResourceRoots: [dist] };
  const channel = new Channel((message) => void webview.postMessage(message));
  channel.handle(CopyText, async ({ text }) => { await vscode.env.clipboard.writeText(text); return null; });
  channel.handle(SaveFile, saveFile);
  const listening = webview.onDidReceiveMessage((m: unknown) => channel.receive(m));
  webview.html = html(context, webview, dist, bundle, page);
  return { channel, dispose: () => { listening.dispose(); channel.close(); } };
}

function html(context: vscode.ExtensionContext, webview: vscode.Webview, dist: vscode.Uri, bundle: string, page: string): string {
  const uri = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(dist, name)).toString();
  return pageHtml({
    source: webview.cspSource, script: uri(`${bundle}.js`), style: uri(`${bundle}.css`), nonce: crypto.randomBytes(16).toString('base64url'),
    boot: { page, language: vscode.env.language, strings: strings(context) },
  });
}

/** The editor's own table of translations; pages share it with the host. */
function strings(context: vscode.ExtensionContext): Record<string, string> {
  if (vscode.env.language.startsWith('en')) return {};
  const file = path.join(context.extensionPath, 'extension', 'l10n', `bundle.l10n.${vscode.env.language.toLowerCase()}.json`);
  try {
    const all = JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, string | { message: string }>;
    return Object.fromEntries(Object.entries(all).map(([k, v]) => [k, typeof v === 'string' ? v : v.message]));
  } catch {
    return {};
  }
}

async function saveFile({ data, name, kind }: { data: string; name: string; kind: 'png' | 'csv' }): Promise<{ file: string } | null> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const uri = await vscode.window.showSaveDialog({ filters: { [kind.toUpperCase()]: [kind] }, ...(folder ? { defaultUri: vscode.Uri.joinPath(folder, name) } : {}) });
  if (uri === undefined) return null;
  try {
    await vscode.workspace.fs.writeFile(uri, Buffer.from(data, 'base64'));
  } catch (error) {
    void vscode.window.showErrorMessage((error as Error).message);
    return null;
  }
  void vscode.window.showInformationMessage(vscode.l10n.t('Wrote {0}', vscode.workspace.asRelativePath(uri)));
  return { file: uri.fsPath };
}

/** Passes a request on to the engine; the page's cancelling cancels it there. */
export function passOn<P, R>(channel: Channel, engine: EngineClient, message: Request<P, R>): void {
  channel.handle(message, (params: P, signal: Cancellation) => cancellable(signal, (token) => engine.request(message, params, token)));
}
export async function cancellable<R>(signal: Cancellation, ask: (token: vscode.CancellationToken) => Promise<R>): Promise<R> {
  const source = new vscode.CancellationTokenSource();
  const cancel = (): void => source.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await ask(source.token);
  } finally {
    signal.removeEventListener('abort', cancel);
    source.dispose();
  }
}
