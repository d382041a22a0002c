/** Asks for an input expression: what was used before, proposals from the model's shape, or anything typed. */
import * as vscode from 'vscode';

import type { ModelSummary, TreeNode } from '../protocol/model';
import { inputProposals } from '../views/inputProposals';
import type { Services } from './services';

const t = vscode.l10n.t;
const remembered = 8;

const keyOf = (model: ModelSummary, path: string): string => `input:${model.id}/${path}`;

export async function pickInput({ context }: Services, model: ModelSummary, node: TreeNode, title: string): Promise<string | undefined> {
  const history = context.workspaceState.get<string[]>(keyOf(model, node.path), []);
  const proposed = node.path === '' ? model.proposedInput : '';
  const proposals = inputProposals(node, proposed, history);
  const items = proposals.map((label) => ({ label, description: history.includes(label) ? t('used before') : '' }));
  const pick = vscode.window.createQuickPick();
  pick.title = title;
  pick.placeholder = t("Input expression, e.g. rand(2, 784) or load('x.pt')");
  pick.items = items;
  if (items[0] !== undefined) pick.activeItems = [items[0]];
  // What is typed is an answer too, and stands first.
  pick.onDidChangeValue((value) => {
    const typed = value.trim();
    pick.items = typed === '' || proposals.includes(typed) ? items : [{ label: typed, description: '', alwaysShow: true }, ...items];
  });
  return new Promise((resolve) => {
    pick.onDidAccept(() => {
      const answer = pick.selectedItems[0]?.label ?? pick.value.trim();
      if (answer === '') return;
      resolve(answer);
      pick.hide();
    });
    pick.onDidHide(() => { resolve(undefined); pick.dispose(); });
    pick.show();
  });
}

/** Not waited for: nothing depends on it, and the editor may be busy. */
export async function rememberInput({ context }: Services, model: ModelSummary, path: string, input: string): Promise<void> {
  const key = keyOf(model, path);
  const history = context.workspaceState.get<string[]>(key, []);
  await context.workspaceState.update(key, [input, ...history.filter((h) => h !== input)].slice(0, remembered));
}
