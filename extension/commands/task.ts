/** How a command does engine work: shown in the view and status bar at once, with a cancel button when it takes long, errors told. */
import * as vscode from 'vscode';

import type { ErrorInfo } from '../protocol/rpc';
import { showUserError } from '../views/problems';
import type { Services } from './services';

const t = vscode.l10n.t;
const longAfter = 1500;

export interface TaskOptions {
  /** `Running mlp.ts`. */
  title: string;
  /** Short, for the status bar. */
  status: string;
  /** The model file that user code comes from: its errors are placed among its problems. */
  file?: string;
  /** Cancelling then stops user code (weightroom.interrupt); otherwise only the request is cancelled. */
  runsUserCode: boolean;
  /** The user's errors are placed among the problems without a message. */
  silentErrors?: boolean;
}

/** Undefined when it failed (told to the user already) or was cancelled. */
export async function task<R>(services: Services, options: TaskOptions, work: (token: vscode.CancellationToken) => Promise<R>): Promise<R | undefined> {
  const { status } = services;
  const source = new vscode.CancellationTokenSource();
  const ended = status.started(options.status);
  const job = work(source.token);
  const cancel = (): void => {
    if (options.runsUserCode) void vscode.commands.executeCommand('weightroom.interrupt');
    else source.cancel();
  };
  // The view shows a thin bar at once; only what takes long gets a notification.
  const settled = job.then(() => undefined, () => undefined);
  void vscode.window.withProgress({ location: { viewId: 'weightroom.models' } }, () => settled);
  const timer = setTimeout(() => {
    void vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: options.title, cancellable: true }, (_progress, token) => {
      token.onCancellationRequested(cancel);
      return settled;
    });
  }, longAfter);
  try {
    return await job;
  } catch (error) {
    tell(services, error, options.file ?? null, options.silentErrors);
    return undefined;
  } finally {
    clearTimeout(timer);
    ended();
    source.dispose();
  }
}

export function infoOf(error: unknown): ErrorInfo {
  const info = (error as { info?: ErrorInfo }).info;
  if (info !== undefined) return info;
  return { kind: 'engine', name: (error as Error).name ?? 'Error', message: (error as Error).message ?? String(error), stack: (error as Error).stack };
}

/** Tells an error where it belongs: user code in Problems with "Show", ours in the log. Does not wait for the user. */
export function tell(services: Services, error: unknown, file: string | null, silent = false): void {
  const info = infoOf(error);
  switch (info.kind) {
    case 'interrupted':
      services.log.info(info.message); // whoever stopped it is told by the interrupt itself
      return;
    case 'user':
      services.problems.add(info, file);
      services.output.appendLine(info.stack ?? `${info.name}: ${info.message}`);
      if (!silent) void showUserError(info);
      return;
    case 'file':
      void vscode.window.showErrorMessage(info.message);
      return;
    case 'engine': {
      services.log.error(info.stack ?? info.message);
      const showLog = t('Show Log');
      void vscode.window.showErrorMessage(info.message, showLog).then((answer) => { if (answer === showLog) services.log.show(); });
      return;
    }
    default: info.kind satisfies never;
  }
}
