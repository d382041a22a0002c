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
  /** It waits for its turn; cancelling then stops it (weightroom.interrupt). Otherwise, and while it waits, only the request is cancelled. */
  runsUserCode: boolean;
  /** The user's errors are placed among the problems without a message. */
  silentErrors?: boolean;
}

/** Undefined when it failed (told to the user already) or was cancelled. */
export async function task<R>(services: Services, options: TaskOptions, work: (token: vscode.CancellationToken) => Promise<R>): Promise<R | undefined> {
  const { status, turns } = services;
  const source = new vscode.CancellationTokenSource();
  let end: (() => void) | null = () => undefined;
  let ended: (() => void) | undefined;
  try {
    if (options.runsUserCode) {
      const turn = turns.take(options.status, source.token);
      end = await shown(t('Waiting for {0}: {1}', turns.now ?? '', options.title), turn, () => source.cancel());
    }
    if (end === null) return undefined;
    ended = status.started(options.status);
    return await shown(options.title, work(source.token), () => (options.runsUserCode ? void vscode.commands.executeCommand('weightroom.interrupt') : source.cancel()));
  } catch (error) {
    tell(services, error, options.file ?? null, options.silentErrors);
    return undefined;
  } finally {
    ended?.();
    end?.();
    source.dispose();
  }
}

/** The view shows a thin bar at once; only what takes long gets a notification. */
async function shown<R>(title: string, job: Promise<R>, cancel: () => void): Promise<R> {
  const settled = job.then(() => undefined, () => undefined);
  void vscode.window.withProgress({ location: { viewId: 'weightroom.models' } }, () => settled);
  const timer = setTimeout(() => {
    void vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, (_progress, token) => {
      token.onCancellationRequested(cancel);
      return settled;
    });
  }, longAfter);
  try {
    return await job;
  } finally {
    clearTimeout(timer);
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
