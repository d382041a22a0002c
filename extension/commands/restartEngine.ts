/** Ends the engine process and starts a new one; the live models' files can be run again. */
import * as vscode from 'vscode';

import { offerRunAgain } from './runAgain';
import type { Services } from './services';
import { tell } from './task';

const t = vscode.l10n.t;

/** `sure`: a caller has asked already. */
export async function restartEngine(services: Services, sure?: unknown): Promise<true | undefined> {
  const { length } = services.store.models;
  if (length > 0 && sure !== true) {
    const restart = t('Restart');
    const detail = t('Weights that are not saved to a checkpoint are lost.');
    const text = length === 1 ? t('Restart the engine? 1 live model goes away.') : t('Restart the engine? {0} live models go away.', length);
    if ((await vscode.window.showWarningMessage(text, { modal: true, detail }, restart)) !== restart) return undefined;
  }
  try {
    await services.engine.restart();
    services.store.lost();
    if (length > 0) offerRunAgain(services, t('The engine was restarted.'));
    else vscode.window.setStatusBarMessage(t('The engine was restarted.'), 4000);
    return true;
  } catch (error) {
    tell(services, error, null);
    return undefined;
  }
}
