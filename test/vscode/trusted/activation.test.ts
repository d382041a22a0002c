/** The extension in a real extension host: it activates lightly and runs the sample. */
import assert from 'node:assert/strict';
import path from 'node:path';
import * as vscode from 'vscode';

import type { Services } from '../../../extension/commands/services';
import type { RunResult } from '../../../extension/protocol/model';

const extension = vscode.extensions.getExtension<{ services: Services }>('weightroom.weightroom')!;
const sample = (name: string): vscode.Uri => vscode.Uri.file(path.join(vscode.workspace.workspaceFolders![0]!.uri.fsPath, name));

describe('the extension', () => {
  it('activates without starting the engine', async () => {
    const started = performance.now();
    const { services } = await extension.activate();
    const [call] = performance.getEntriesByName('weightroom/activate');
    console.log(`      activate(): ${call!.duration.toFixed(1)} ms; with loading and the host's own work: ${(performance.now() - started).toFixed(1)} ms`);
    assert.equal(services.engine.state.state, 'stopped');
  });

  it('registers every command of the manifest', async () => {
    const known = new Set(await vscode.commands.getCommands(true));
    const declared = (extension.packageJSON as { contributes: { commands: { command: string }[] } }).contributes.commands.map((c) => c.command);
    assert.ok(declared.length >= 19);
    assert.deepEqual(declared.filter((c) => !known.has(c)), []);
  });

  it('runs the sample', async () => {
    const { services } = await extension.activate();
    await vscode.window.showTextDocument(sample('mlp.ts'));
    const started = performance.now();
    const result = await vscode.commands.executeCommand<RunResult>('weightroom.runFile');
    console.log(`      Run to tree, engine process start included: ${(performance.now() - started).toFixed(0)} ms`);
    assert.equal(result.models[0]!.root.type, 'MLP');
    assert.equal(services.engine.state.state, 'running');
    assert.equal(services.selection.current?.model, result.models[0]!.id);
  });
});
