/** The translated words of the labels, and how a model, count or gradient state is told to people. */
import * as vscode from 'vscode';

import type { GradState, ModelSummary, TreeNode } from '../protocol/model';
import { formatBytes, formatCount, dtypeOf, type Words } from './labels';
import { worstGrad } from './rows';

const t = vscode.l10n.t;

export const words: Words = {
  shared: (first) => t('shared with {0}', first === '' ? t('the model') : first),
  mixed: t('mixed'),
  uninitialized: t('uninitialized'),
  repeats: (count, type) => t('{0} × {1}', count, type),
};

/** `net` or `net.hidden.weight`: how a row is named in messages. */
export function fullName(model: ModelSummary, path: string): string {
  return path === '' ? model.name : `${model.name}.${path}`;
}

export function gradText(state: GradState): string {
  switch (state) {
    case 'none': return t('none yet');
    case 'zero': return t('all zero');
    case 'ok': return t('finite');
    case 'nonfinite': return t('NaN or infinite');
    default: return state satisfies never;
  }
}

/** Everything known of a row, as label and value. */
export function facts(node: TreeNode): [string, string][] {
  const out: [string, string][] = [[t('Type'), node.extra === undefined || node.extra === '' ? node.type : `${node.type}(${node.extra})`]];
  if (node.sharedWith !== undefined) out.push([t('Shared with'), `${node.sharedWith === '' ? t('the model') : node.sharedWith} (${t('counted once')})`]);
  if (node.uninitialized) out.push([t('Size'), t('known after the first forward pass')]);
  else if (node.shape !== undefined) out.push([t('Shape'), `[${node.shape.join(', ')}]`]);
  if (node.numel > 0) out.push([node.kind === 'module' ? t('Parameters') : t('Elements'), node.numel < 1e6 ? formatCount(node.numel) : `${formatCount(node.numel)} (${node.numel.toLocaleString('en-US')})`]);
  if (node.bytes > 0) out.push([t('Memory'), formatBytes(node.bytes)]);
  const dtype = dtypeOf(node);
  if (dtype !== '') out.push([t('Data type'), dtype === 'mixed' ? words.mixed : dtype]);
  if (node.device !== '') out.push([t('Device'), node.device === 'mixed' ? words.mixed : node.device]);
  if (node.outputShape !== undefined) out.push([t('Last output'), `[${node.outputShape.join(', ')}]`]);
  if (node.kind !== 'buffer' && node.numel > 0) {
    out.push([t('Trainable'), node.requiresGrad === true ? t('yes') : node.requiresGrad === false ? t('no, frozen') : t('in part')]);
    out.push([t('Gradient'), gradText(worstGrad(node))]);
  }
  return out;
}
