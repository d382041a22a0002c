/** Jumps to where a model's class, or the field of a module or parameter, stands in the source. */
import * as vscode from 'vscode';

import type { ModelSummary } from '../protocol/model';
import { classLine, exportedValues, fieldLine } from '../views/modelSource';
import { findNode, type FileRow } from '../views/rows';
import { isNotebook, showSource, textOf } from '../views/sources';
import type { Services } from './services';
import { pickTarget } from './targets';

const t = vscode.l10n.t;

export async function revealSource(services: Services, arg?: unknown): Promise<{ file: string; line: number } | undefined> {
  if ((arg as FileRow | null)?.kind === 'file') return show((arg as FileRow).file, 0);
  const target = await pickTarget(services, arg, t('Reveal which model or module?'), () => true);
  if (target === undefined) return undefined;
  const at = await locate(target.model, target.node.path);
  return show(at.file, at.line);
}

/** The deepest field on the path that the source names, else the model's class, else its export. */
async function locate(model: ModelSummary, path: string): Promise<{ file: string; line: number }> {
  // Lines of a notebook's joined text are no lines of a cell.
  const files = [...new Set([model.source?.file ?? model.file, model.file])].filter((f) => !isNotebook(f));
  const texts = new Map(await Promise.all(files.map(async (f) => [f, await textOf(f)] as const)));
  let best: { file: string; line: number } | undefined = model.source === undefined ? undefined : { file: model.source.file, line: model.source.line - 1 };
  const find = (look: (text: string) => number | undefined): void => {
    for (const [file, text] of texts) {
      const line = look(text);
      if (line !== undefined) { best = { file, line }; return; }
    }
  };
  if (best === undefined) find((text) => classLine(text, model.root.type) ?? exportedValues(text).find((v) => v.name === model.name)?.line);
  const parts = path === '' ? [] : path.split('.');
  for (let i = 0; i < parts.length; i++) {
    const owner = findNode(model.root, parts.slice(0, i).join('.'));
    if (owner !== undefined) find((text) => fieldLine(text, owner.type, parts[i]!));
  }
  return best ?? { file: model.file, line: 0 };
}

async function show(file: string, line: number): Promise<{ file: string; line: number }> {
  await showSource(file, line);
  return { file, line };
}
