/** Finding one's way in the Models tree: filter, sort, show a row. */
import * as vscode from 'vscode';

import type { SortKey } from '../views/rows';
import type { Selected } from '../views/selection';
import type { Services } from './services';
import { tell } from './task';

const t = vscode.l10n.t;

/** `query` may be passed by a caller; else the tree follows what is typed. */
export async function filterModels({ modelsView }: Services, query?: unknown): Promise<void> {
  if (typeof query === 'string') { modelsView.setFilter(query); return; }
  const before = modelsView.filterQuery;
  const box = vscode.window.createInputBox();
  box.title = t('Filter models');
  box.value = before;
  box.placeholder = t('Words in name or type, /regular expression/, type:conv grad:nan device:webgpu dtype:f16 shape:256x784 is:frozen');
  let accepted = false;
  box.onDidChangeValue((value) => {
    try {
      const result = modelsView.setFilter(value);
      box.validationMessage = undefined;
      box.prompt = result === null ? undefined : t('{0} of {1} rows', result.matches, result.total);
    } catch (error) {
      box.validationMessage = (error as Error).message;
    }
  });
  box.onDidAccept(() => { accepted = true; box.hide(); });
  box.onDidHide(() => { if (!accepted) modelsView.setFilter(before); box.dispose(); });
  box.show();
}

export async function clearFilter({ modelsView }: Services): Promise<void> { modelsView.setFilter(''); }

export async function sortModels(services: Services, key?: unknown): Promise<void> {
  const keys: { label: string; description: string; key: SortKey }[] = [
    { label: t('Order in the model'), description: '', key: 'order' },
    { label: t('Name'), description: '', key: 'name' },
    { label: t('Size'), description: t('most elements first'), key: 'size' },
    { label: t('Gradient norm'), description: t('largest first'), key: 'gradient' },
  ];
  const now = services.modelsView.sortKey;
  const chosen = keys.find((k) => k.key === key) ?? (await vscode.window.showQuickPick(keys.map((k) => ({ ...k, description: k.key === now ? t('now') : k.description })), { placeHolder: t('Sort modules and parameters by') }));
  if (chosen === undefined) return;
  try {
    await services.modelsView.setSort(chosen.key);
  } catch (error) {
    tell(services, error, null);
  }
}

export async function revealInTree({ modelsView }: Services, at?: unknown): Promise<boolean> {
  const selected = at as Selected | undefined;
  return selected === undefined ? false : modelsView.reveal(selected.model, selected.path, true);
}
