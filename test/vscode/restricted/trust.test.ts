/** Restricted Mode: viewing works, running is refused. */
import assert from 'node:assert/strict';
import path from 'node:path';
import * as vscode from 'vscode';

import type { Services } from '../../../extension/commands/services';

const extension = vscode.extensions.getExtension<{ services: Services }>('weightroom.weightroom')!;

describe('Restricted Mode', () => {
  it('is on', () => assert.equal(vscode.workspace.isTrusted, false));
  it('does not run a model file', async () => {
    const { services } = await extension.activate();
    await vscode.window.showTextDocument(vscode.Uri.file(path.join(vscode.workspace.workspaceFolders![0]!.uri.fsPath, 'mlp.ts')));
    assert.equal(await vscode.commands.executeCommand('weightroom.runFile'), undefined);
    assert.equal(services.engine.state.state, 'stopped', 'no engine process was started');
  });
});
