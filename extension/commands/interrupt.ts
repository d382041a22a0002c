/** Stops user code: at its next safe point, else by ending the runner, which loses the live models. */
import * as vscode from 'vscode';

import { Interrupt } from '../protocol/model';
import { offerRunAgain } from './runAgain';
import type { Services } from './services';
import { tell } from './task';

const t = vscode.l10n.t;

export async function interrupt(services: Services): Promise<{ stopped: boolean; lost: boolean } | undefined> {
  try {
    const result = await services.engine.request(Interrupt, null);
    if (result.lost) {
      services.store.lost();
      offerRunAgain(services, result.message);
    } else vscode.window.setStatusBarMessage(result.message === '' ? t('Interrupted') : result.message, 5000);
    return result;
  } catch (error) {
    tell(services, error, null);
    return undefined;
  }
}
