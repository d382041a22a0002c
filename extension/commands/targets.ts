/**
 * What a command works on. From the tree it is the row, from a lens or panel `{ model, path }`, from an editor a URI;
 * from the palette the user is asked, unless there is only one answer.
 */
import * as vscode from 'vscode';

import type { ModelSummary, TreeNode } from '../protocol/model';
import { iconOf, nodeDescription } from '../views/labels';
import { allNodes, findNode, type NodeRow } from '../views/rows';
import type { Selected } from '../views/selection';
import { fullName, words } from '../views/words';
import { runFile } from './runFile';
import type { Services } from './services';

const t = vscode.l10n.t;

export interface Target { model: ModelSummary; node: TreeNode }

const isRow = (arg: unknown): arg is NodeRow => (arg as NodeRow | null)?.kind === 'node';
const isSelected = (arg: unknown): arg is Selected => typeof (arg as Selected | null)?.model === 'string';

/** The live model that `arg` names, or that the user picks. Without any, offers to run a file. */
export async function pickModel(services: Services, arg: unknown): Promise<ModelSummary | undefined> {
  const given = resolve(services, arg);
  if (given !== undefined) return given.model;
  if (isSelected(arg) || isRow(arg)) {
    void vscode.window.showWarningMessage(t('This model is no longer live. Run its file again.'));
    return undefined;
  }
  if (services.store.models.length === 0 && !(await runFirst(services))) return undefined;
  const { models } = services.store;
  if (models.length <= 1) return models[0];
  const first = services.selection.current?.model;
  const items = [...models].sort((a, b) => Number(b.id === first) - Number(a.id === first)).map((model) => ({
    label: `$(weightroom-model) ${model.name}`, description: nodeDescription(model.root, words), detail: vscode.workspace.asRelativePath(model.file), model,
  }));
  return (await vscode.window.showQuickPick(items, { placeHolder: t('Which model?'), matchOnDescription: true, matchOnDetail: true }))?.model;
}

/** A row of the model tree, asked for by name in the palette. `accepts` says which rows make sense. */
export async function pickTarget(services: Services, arg: unknown, what: string, accepts: (node: TreeNode) => boolean): Promise<Target | undefined> {
  const given = resolve(services, arg);
  if (given !== undefined && (isRow(arg) || isSelected(arg))) return given;
  const model = await pickModel(services, arg);
  if (model === undefined) return undefined;
  const nodes = allNodes(model.root).filter((n) => n.sharedWith === undefined && accepts(n));
  if (nodes.length <= 1) return nodes[0] === undefined ? undefined : { model, node: nodes[0] };
  const selected = services.selection.current;
  const items = nodes.map((node) => ({ label: `$(weightroom-${iconOf(node)}) ${fullName(model, node.path)}`, description: nodeDescription(node, words), node }));
  const at = items.findIndex((i) => selected?.model === model.id && selected.path === i.node.path);
  if (at > 0) items.unshift(...items.splice(at, 1));
  const picked = await vscode.window.showQuickPick(items, { placeHolder: what, matchOnDescription: true });
  return picked === undefined ? undefined : { model, node: picked.node };
}

function resolve(services: Services, arg: unknown): Target | undefined {
  const selected = isRow(arg) ? { model: arg.model.id, path: arg.node.path } : isSelected(arg) ? { model: arg.model, path: arg.path ?? '' } : undefined;
  const model = selected === undefined ? undefined : services.store.model(selected.model);
  const node = model === undefined ? undefined : findNode(model.root, selected!.path);
  return model === undefined || node === undefined ? undefined : { model, node };
}

async function runFirst(services: Services): Promise<boolean> {
  const run = t('Run Model File');
  if ((await vscode.window.showInformationMessage(t('No model is live. Run a model file first.'), run)) !== run) return false;
  await runFile(services);
  return services.store.models.length > 0;
}

/** Checks that a value typed by the user or passed by a caller is a number. */
export function numberProblem(text: string): string | undefined {
  return text.trim() !== '' && Number.isFinite(Number(text)) ? undefined : t('Not a number: {0}', text);
}

