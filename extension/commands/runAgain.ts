/** After the live models are gone (crash, hard interrupt): says so and offers to run their files again. */
import * as vscode from 'vscode';

import { runModelFile } from './runFile';
import type { Services } from './services';
import { mayRun } from './trust';

const t = vscode.l10n.t;

/** Does not wait for the user. */
export function offerRunAgain(services: Services, message: string): void {
  const files = [...services.store.files];
  const again = files.length === 1 ? t('Run {0} Again', files[0]!.replace(/^.*[\\/]/, '')) : t('Run the Model Files Again');
  const showLog = t('Show Log');
  void vscode.window.showWarningMessage(message, ...(files.length > 0 ? [again] : []), showLog).then(async (answer) => {
    if (answer === showLog) services.log.show();
    if (answer === again && mayRun()) for (const file of files) await runModelFile(services, file, { quiet: true });
  });
}
