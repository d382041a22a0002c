/** Loads a checkpoint into a live model. A preflight says first what fits; nothing is loaded in part unless asked for. */
import * as path from 'node:path';
import * as vscode from 'vscode';

import { LoadInto, PreflightLoad, type Preflight, type PreflightRow, type Rename } from '../protocol/checkpoint';
import { fullName } from '../views/words';
import { checkpointUri, pickCheckpoint } from './checkpointPick';
import type { Services } from './services';
import { pickTarget, type Target } from './targets';
import { infoOf, task } from './task';

const t = vscode.l10n.t;

type Result = { message: string; loaded: string[] } | undefined;

/** From the Models tree the row is the target; from the Checkpoints view or the explorer it is the file. */
export async function loadCheckpoint(services: Services, arg?: unknown, second?: unknown): Promise<Result> {
  const given = checkpointUri(arg) ?? checkpointUri(second);
  const target = await pickTarget(services, checkpointUri(arg) === undefined ? arg : second, t('Load into which model?'), (n) => n.kind === 'module' && n.path === '');
  if (target === undefined) return undefined;
  const name = fullName(target.model, target.node.path);
  const uri = given ?? (await pickCheckpoint(services, t('Load which checkpoint into {0}?', name)));
  if (uri === undefined) return undefined;
  const preflight = await check(services, target, uri.fsPath);
  if (preflight === undefined) return undefined;
  const decision = fits(preflight) ? { rename: preflight.rename, partial: false } : await decide(services, target, uri.fsPath, preflight);
  return decision === undefined ? undefined : load(services, target, uri.fsPath, preflight.root, decision);
}

/** Every name and shape fits; a dtype is converted as load_state_dict converts it. */
function fits({ counts, error }: Preflight): boolean {
  return error === undefined && counts.missing + counts.unexpected + counts.shape === 0 && counts.matched + counts.dtype > 0;
}

function check(services: Services, { model, node }: Target, file: string, root?: string, rename?: Rename): Promise<Preflight | undefined> {
  return task(services, { title: t('Reading {0}', path.basename(file)), status: path.basename(file), runsUserCode: false }, (token) =>
    services.engine.request(PreflightLoad, { file, model: model.id, path: node.path, ...(root === undefined ? {} : { root }), ...(rename === undefined ? {} : { rename }) }, token));
}

interface Decision { rename: Rename | null; partial: boolean }

async function decide(services: Services, target: Target, file: string, preflight: Preflight): Promise<Decision | undefined> {
  const name = fullName(target.model, target.node.path);
  if (preflight.error !== undefined) {
    void vscode.window.showErrorMessage(preflight.error);
    return undefined;
  }
  const { counts, suggestions } = preflight;
  const good = counts.matched + counts.dtype;
  const items: (vscode.QuickPickItem & { decision?: Decision; rename?: Rename; report?: true })[] = suggestions.slice(0, 3).map((s) => ({
    label: `$(replace) ${renameText(s)}`, description: t('{0} would fit', s.matched), rename: { from: s.from, to: s.to },
  }));
  if (good > 0) items.push({ label: `$(check) ${t('Load the part that fits')}`, description: t('{0} of {1}', good, good + counts.missing + counts.shape), decision: { rename: preflight.rename, partial: true } });
  items.push({ label: `$(list-unordered) ${t('Show what does not fit')}`, description: summary(preflight), report: true });
  const picked = await vscode.window.showQuickPick(items, { placeHolder: t('{0} does not fit {1}: {2}', path.basename(file), name, summary(preflight)), ignoreFocusOut: true });
  if (picked === undefined) return undefined;
  if (picked.report === true) {
    // Asked to load all of it, the engine changes nothing and says why in PyTorch's words.
    const strict = { file, model: target.model.id, path: target.node.path, root: preflight.root, rename: preflight.rename, partial: false };
    const why = await services.engine.request(LoadInto, strict).then(() => '', (error: unknown) => infoOf(error).message);
    const document = await vscode.workspace.openTextDocument({ content: report(preflight, file, name, why), language: 'markdown' });
    await vscode.window.showTextDocument(document, { preview: true });
    return undefined;
  }
  if (picked.rename !== undefined) {
    const renamed = await check(services, target, file, preflight.root, picked.rename);
    if (renamed === undefined) return undefined;
    return fits(renamed) ? { rename: picked.rename, partial: false } : decide(services, target, file, { ...renamed, suggestions: [] });
  }
  return picked.decision;
}

async function load(services: Services, { model, node }: Target, file: string, root: string, decision: Decision): Promise<Result> {
  const result = await task(services, { title: t('Loading {0}', path.basename(file)), status: path.basename(file), runsUserCode: false }, (token) => services.engine.request(LoadInto, { file, model: model.id, path: node.path, root, ...decision }, token));
  if (result === undefined) return undefined;
  services.output.appendLine(`> ${result.message}`);
  void vscode.window.showInformationMessage(result.message);
  await services.store.refresh();
  return result;
}

function renameText({ from, to }: Rename): string {
  return from === '' ? t('Put "{0}" before every name', to) : to === '' ? t('Take "{0}" off every name', from) : t('Replace "{0}" by "{1}" in every name', from, to);
}

function summary({ counts }: Preflight): string {
  const parts: string[] = [];
  if (counts.missing > 0) parts.push(t('{0} missing', counts.missing));
  if (counts.unexpected > 0) parts.push(t('{0} unexpected', counts.unexpected));
  if (counts.shape > 0) parts.push(t('{0} of another shape', counts.shape));
  return parts.length === 0 ? t('no tensors') : parts.join(', ');
}

function report(preflight: Preflight, file: string, name: string, why: string): string {
  const shape = (s?: number[], d?: string): string => (s === undefined ? '' : `${d ?? ''} [${s.join(', ')}]`);
  const line = (r: PreflightRow): string => `| ${r.status} | ${r.target ?? ''} | ${shape(r.modelShape, r.modelDtype)} | ${r.source ?? ''} | ${shape(r.fileShape, r.fileDtype)} |`;
  return [`# ${path.basename(file)} → ${name}`, '', summary(preflight), '', '```', why, '```', '', `| | ${t('Model')} | | ${t('File')} | |`, '|---|---|---|---|---|', ...preflight.rows.filter((r) => r.status !== 'matched').map(line), ''].join('\n');
}
