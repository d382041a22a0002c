/** Draws the parameters of a module, or one parameter, anew. Shows what each init function would draw before it is chosen; can be undone. */
import * as vscode from 'vscode';

import { InitFunctions, Reinitialize, type InitFunction, type TreeNode } from '../protocol/model';
import { initPreview } from '../views/initPreview';
import { allNodes } from '../views/rows';
import { fullName } from '../views/words';
import type { Services } from './services';
import { numberProblem, pickTarget, type Target } from './targets';
import { task, tell } from './task';
import { mayRun } from './trust';
import { tellUndoable } from './undoReinitialize';

const t = vscode.l10n.t;

interface Choice { init: string; args: (number | string)[] }

/** `choice` ({ init, args }) may be passed by a caller; else the user is asked. */
export async function reinitialize(services: Services, arg?: unknown, choice?: unknown): Promise<{ message: string; changed: string[] } | undefined> {
  if (!mayRun()) return undefined;
  const target = await pickTarget(services, arg, t('Reinitialize which module or parameter?'), (n) => n.kind !== 'buffer' && n.numel > 0);
  if (target === undefined) return undefined;
  const chosen = isChoice(choice) ? choice : await askChoice(services, target);
  if (chosen === undefined) return undefined;
  const { model, node } = target;
  const result = await task(services, { title: t('Reinitializing {0}', fullName(model, node.path)), status: fullName(model, node.path), file: model.file, runsUserCode: true }, () =>
    services.engine.request(Reinitialize, { model: model.id, path: node.path, ...chosen }));
  if (result === undefined) return undefined;
  await tellUndoable(services, model, result);
  return result;
}

const isChoice = (c: unknown): c is Choice => typeof (c as Choice | undefined)?.init === 'string';

async function askChoice(services: Services, target: Target): Promise<Choice | undefined> {
  let functions: InitFunction[];
  try {
    functions = await services.engine.request(InitFunctions, null);
  } catch (error) {
    tell(services, error, target.model.file);
    return undefined;
  }
  const parameters = allNodes(target.node).filter((n) => n.kind === 'parameter' && n.sharedWith === undefined);
  const title = t('Reinitialize {0}', fullName(target.model, target.node.path));
  const items = functions.map((f) => ({
    label: f.name === 'reset' ? t("The module's own default") : f.label,
    description: [f.name === 'reset' ? 'resetParameters()' : f.name, ...f.args.map((a) => `${a.name}=${a.default}`)].join(' '),
    detail: f.name === 'reset' ? names(parameters) : preview(f, f.args.map((a) => a.default), parameters), f,
  }));
  const picked = await vscode.window.showQuickPick(items, { title, placeHolder: t('Init function'), matchOnDescription: true });
  const args = picked === undefined ? undefined : await askArguments(picked.f, title, parameters);
  return args === undefined ? undefined : { init: picked!.f.name, args };
}

/** One question an argument; the line below the box says what the values typed so far would draw. */
async function askArguments(f: InitFunction, title: string, parameters: TreeNode[]): Promise<(number | string)[] | undefined> {
  const values = f.args.map((a) => a.default);
  for (const [i, arg] of f.args.entries()) {
    const step = `${title}: ${f.label} (${i + 1}/${f.args.length})`;
    if (arg.choices !== undefined) {
      const choices = arg.choices.map((label) => ({ label, detail: preview(f, values.with(i, label), parameters) }));
      const answer = await vscode.window.showQuickPick(choices.sort((a, b) => Number(b.label === arg.default) - Number(a.label === arg.default)), { title: step, placeHolder: arg.name });
      if (answer === undefined) return undefined;
      values[i] = answer.label;
      continue;
    }
    const answer = await vscode.window.showInputBox({
      title: step, prompt: arg.name, value: String(arg.default),
      validateInput(text) {
        const problem = numberProblem(text);
        if (problem !== undefined) return problem;
        const message = preview(f, values.with(i, Number(text)), parameters);
        return message === '' ? undefined : { message, severity: vscode.InputBoxValidationSeverity.Info };
      },
    });
    if (answer === undefined) return undefined;
    values[i] = Number(answer);
  }
  return values;
}

function preview(f: InitFunction, values: (number | string)[], parameters: TreeNode[]): string {
  const args = new Map(f.args.map((a, i) => [a.name, values[i]!]));
  const texts = parameters.map((p) => [p, initPreview(f.name, args, p.shape ?? [])] as const).filter(([, text]) => text !== '');
  if (texts.length === 0) return '';
  const distinct = new Set(texts.map(([, text]) => text));
  if (distinct.size === 1) return `${[...distinct][0]!}: ${names(texts.map(([p]) => p))}`;
  return texts.slice(0, 3).map(([p, text]) => `${p.path}: ${text}`).join('; ') + (texts.length > 3 ? '; …' : '');
}

function names(parameters: TreeNode[]): string {
  return parameters.slice(0, 4).map((p) => p.path).join(', ') + (parameters.length > 4 ? `, … (${parameters.length})` : '');
}
