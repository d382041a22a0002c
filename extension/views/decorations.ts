/** Marks rows by gradient: N for NaN or infinity, 0 for all zero. The state stands in the row's own URI. */
import * as vscode from 'vscode';

import type { GradState } from '../protocol/model';

const scheme = 'weightroom-row';

export function decorationUri(id: string, states: GradState[]): vscode.Uri {
  const state = states.includes('nonfinite') ? 'nonfinite' : states.includes('zero') ? 'zero' : '';
  return vscode.Uri.from({ scheme, path: `/${id.replace(/^\/+/, '')}`, query: state });
}

export function registerDecorations(): vscode.Disposable {
  return vscode.window.registerFileDecorationProvider({
    provideFileDecoration(uri) {
      if (uri.scheme !== scheme || uri.query === '') return undefined;
      return uri.query === 'nonfinite'
        ? new vscode.FileDecoration('N', vscode.l10n.t('NaN or infinite gradient'), new vscode.ThemeColor('list.errorForeground'))
        : new vscode.FileDecoration('0', vscode.l10n.t('Gradient is all zero'), new vscode.ThemeColor('list.warningForeground'));
    },
  });
}
