/** What editor agents may use: look at models, gradients and checkpoints freely; run code only after the user's consent. */
import * as path from 'node:path';
import * as vscode from 'vscode';

import { OpenCheckpoint } from '../protocol/checkpoint';
import { unpack } from '../protocol/packed';
import { Backward, Forward, Gradients, RunFile, type ModelSummary } from '../protocol/model';
import { nodeDescription } from '../views/labels';
import { allNodes } from '../views/rows';
import { fullName, words } from '../views/words';
import type { Services } from './services';
import { infoOf } from './task';

const t = vscode.l10n.t;

interface Tool<P> {
  /** Shown while it runs, and as the question before it when it runs code. */
  title(input: P): string;
  runsCode: boolean;
  run(services: Services, input: P, token: vscode.CancellationToken): Promise<string>;
}

const tool = <P>(t_: Tool<P>): Tool<never> => t_ as Tool<never>;
/** A model of this size is answered whole; a larger one is cut, and says so. */
const mostRows = 400;

export const agentTools: Record<string, Tool<never>> = {
  weightroom_listModels: tool<{ model?: string }>({
    title: () => t('Reading the live models'), runsCode: false,
    async run({ store }, { model }) {
      const models = store.models.filter((m) => model === undefined || m.name === model);
      if (models.length === 0) return store.models.length === 0 ? 'No model is live. Run a model file first.' : `No live model is called ${model}. Live: ${store.models.map((m) => m.name).join(', ')}.`;
      return models.map(describe).join('\n\n');
    },
  }),
  weightroom_runModelFile: tool<{ file: string }>({
    title: ({ file }) => t('Run {0}', file), runsCode: true,
    async run({ engine, store }, { file }, token) {
      const result = await engine.request(RunFile, { file: absolute(file), keepWeights: true }, token);
      store.tookRun(result);
      return `${result.output}\n${result.models.map(describe).join('\n\n')}`;
    },
  }),
  weightroom_runForward: tool<{ model?: string; input: string; backward?: boolean }>({
    title: ({ model, input }) => t('Run {0}({1})', model ?? t('the model'), input), runsCode: true,
    async run({ engine, store }, { model: name, input, backward }, token) {
      const model = only(store.models, name);
      const out = await engine.request(Forward, { model: model.id, input }, token);
      const text = `output, shape [${out.shape.join(', ')}], ${out.milliseconds.toFixed(1)} ms:\n${out.output}`;
      if (backward !== true) return text;
      const { loss, note } = await engine.request(Backward, { model: model.id, zeroGrad: true }, token);
      return `${text}\nbackward done, loss ${loss}. ${note}`;
    },
  }),
  weightroom_inspectGradients: tool<{ model?: string }>({
    title: () => t('Reading gradients'), runsCode: false,
    async run({ engine, store }, { model: name }, token) {
      const report = await engine.request(Gradients, { model: only(store.models, name).id }, token);
      const rows = report.rows.slice(0, mostRows).map((r) => `${r.name} [${r.shape.join(', ')}] ${r.state}${r.grad === null ? '' : ` norm ${r.grad.norm.toPrecision(4)} mean|g| ${r.grad.absMean.toPrecision(4)} max|g| ${r.grad.absMax.toPrecision(4)} zeros ${r.grad.zeros}/${r.grad.count} nan ${r.grad.nan} inf ${r.grad.inf}`}`);
      return [`step ${report.step}, loss ${report.loss ?? 'none'}, global norm ${Number(report.globalNorm).toPrecision(5)}, first non-finite: ${report.firstNonFinite ?? 'none'}`, ...rows, ...more(report.rows.length)].join('\n');
    },
  }),
  weightroom_describeCheckpoint: tool<{ file: string }>({
    title: ({ file }) => t('Reading {0}', file), runsCode: false,
    async run({ engine }, { file }, token) {
      const info = await engine.request(OpenCheckpoint, { file: absolute(file) }, token);
      const tensors = unpack(info.tensors);
      const globals = info.globals.filter((g) => g.class !== 'allowed').map((g) => `pickle asks for ${g.name} (${g.class}, not executed) ${g.args}`);
      return [info.description, `${tensors.length} tensors, ${info.tensorBytes} bytes`, ...(info.error === undefined ? [] : [`error: ${info.error}`]), ...info.warnings, ...globals,
        ...tensors.slice(0, mostRows).map((x) => `${x.name} ${x.dtype} [${x.shape.join(', ')}]`), ...more(tensors.length)].join('\n');
    },
  }),
};

export function registerAgentTools(services: Services): vscode.Disposable {
  return vscode.Disposable.from(...Object.entries(agentTools).map(([name, { title, runsCode, run }]) => vscode.lm.registerTool<never>(name, {
    prepareInvocation: ({ input }) => ({
      invocationMessage: title(input),
      ...(runsCode ? { confirmationMessages: { title: title(input), message: t('This runs code of your workspace on the Weightroom engine.') } } : {}),
    }),
    async invoke({ input }, token) {
      let text: string;
      if (runsCode && !vscode.workspace.isTrusted) text = 'Refused: the workspace is in Restricted Mode, where model files do not run.';
      else {
        try {
          text = await run(services, input, token);
        } catch (error) {
          const { name: kind, message, location } = infoOf(error);
          text = `${kind}: ${message}${location === undefined ? '' : ` (${location.file}:${location.line})`}`;
        }
      }
      return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(text)]);
    },
  })));
}

const more = (length: number): string[] => (length > mostRows ? [`… and ${length - mostRows} more`] : []);

function describe(model: ModelSummary): string {
  const nodes = allNodes(model.root);
  return [`${model.name} in ${model.file}, proposed input ${model.proposedInput}`, ...nodes.slice(0, mostRows).map((n) => `  ${fullName(model, n.path)}: ${nodeDescription(n, words)}${n.grad === undefined || n.grad === 'none' ? '' : `, gradient ${n.grad}`}`), ...more(nodes.length)].join('\n');
}

function only(models: readonly ModelSummary[], name: string | undefined): ModelSummary {
  const found = name === undefined ? models : models.filter((m) => m.name === name);
  if (found.length === 1) return found[0]!;
  throw new Error(models.length === 0 ? 'no model is live; run a model file first' : `say which model: ${models.map((m) => m.name).join(', ')}`);
}

function absolute(file: string): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  return path.isAbsolute(file) || folder === undefined ? file : path.join(folder, file);
}
