/** Notebook cells in a real extension host: run, output, errors at their line, interrupt, models in the tree. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';

import type { Services } from '../../../extension/commands/services';

const extension = vscode.extensions.getExtension<{ services: Services }>('weightroom.weightroom')!;
const folder = vscode.workspace.workspaceFolders![0]!.uri;
const run = (start: number, end = start + 1): Thenable<unknown> => vscode.commands.executeCommand('notebook.cell.execute', { ranges: [{ start, end }], document: vscode.window.activeNotebookEditor!.notebook.uri });

/** What a cell shows, as text; an error as `Name: message`. */
function shown(cell: vscode.NotebookCell): string {
  return cell.outputs.flatMap((o) => o.items).map((i) => {
    const text = Buffer.from(i.data).toString('utf8');
    if (i.mime !== 'application/vnd.code.notebook.error') return text;
    const { name, message } = JSON.parse(text) as { name: string; message: string };
    return `${name}: ${message}`;
  }).join('');
}
/** The suite's own limit ends what never comes true. */
async function until(when: () => boolean): Promise<void> {
  while (!when()) await new Promise((r) => setTimeout(r, 50));
}
const ended = (cell: vscode.NotebookCell): boolean => cell.executionSummary?.success !== undefined || cell.executionSummary?.timing?.endTime !== undefined;

describe('a notebook', () => {
  let services: Services;
  let notebook: vscode.NotebookDocument;
  const cell = (i: number): vscode.NotebookCell => notebook.cellAt(i);
  const put = async (text: string): Promise<number> => {
    const edit = new vscode.WorkspaceEdit();
    edit.set(notebook.uri, [vscode.NotebookEdit.insertCells(notebook.cellCount, [new vscode.NotebookCellData(vscode.NotebookCellKind.Code, text, 'typescript')])]);
    await vscode.workspace.applyEdit(edit);
    return notebook.cellCount - 1;
  };
  const finish = async (i: number): Promise<string> => {
    await run(i);
    await until(() => ended(cell(i)));
    return shown(cell(i));
  };

  before(async () => {
    ({ services } = await extension.activate());
    const uri = await vscode.commands.executeCommand<vscode.Uri>('weightroom.newNotebook', { uri: vscode.Uri.joinPath(folder, 'made.ipynb') });
    notebook = vscode.workspace.notebookDocuments.find((d) => d.uri.toString() === uri.toString())!;
  });

  it('is made with TypeScript cells that run as they are', async () => {
    assert.equal(cell(0).document.languageId, 'typescript');
    await run(0, 3);
    await until(() => ended(cell(2)));
    assert.match(shown(cell(1)), /^MLP\(\n {2}\(hidden\): Linear/);
    assert.match(shown(cell(2)), /^tensor\(\[\[.*grad_fn=<AddmmBackward0>\)$/s);
    assert.deepEqual([0, 1, 2].map((i) => cell(i).executionSummary!.executionOrder), [1, 2, 3]);
    await until(() => services.store.models.some((m) => m.id === `${notebook.uri.fsPath}#net`));
  });

  it('shows what is printed, then the value; nothing twice after a second run', async () => {
    const i = await put(`console.log('one');\nawait new Promise((r) => setTimeout(r, 60));\nconsole.log('two');\n6 * 7`);
    assert.equal(await finish(i), 'one\ntwo\n42');
    assert.equal(await finish(i), 'one\ntwo\n42');
  });

  it('an error stands in the output and among the problems, at the cell’s own line, and the cells after it do not run', async () => {
    const bad = await put(`\n// a comment\nnet(rand(2, 5));`);
    const after = await put(`console.log('must not run');`);
    await run(bad, after + 1);
    await until(() => ended(cell(bad)));
    assert.equal(shown(cell(bad)), 'RuntimeError: mat1 and mat2 shapes cannot be multiplied (2x5 and 784x256)');
    const problem = vscode.languages.getDiagnostics().flatMap(([uri, ds]) => ds.filter((d) => d.source === 'Weightroom').map((d) => `${uri.toString() === cell(1).document.uri.toString()} ${d.range.start.line}`));
    assert.deepEqual(problem, ['true 6'], 'the line of forward in the class’s cell');
    await finish(await put('1'));
    assert.equal(shown(cell(after)), '');
    assert.equal(cell(after).executionSummary?.executionOrder, undefined);
    await finish(bad);
  });

  it('is interrupted, keeps its variables', async () => {
    const i = await put(`const before = 5;\nconsole.log('ready');\nfor (;;) net(rand(2, 784));`);
    void run(i);
    await until(() => shown(cell(i)).includes('ready'));
    await vscode.commands.executeCommand('notebook.cancelExecution');
    await until(() => ended(cell(i)));
    assert.match(shown(cell(i)), /Interrupted/);
    assert.equal(await finish(await put('before')), '5');
  });

  it('completes from live values', async () => {
    const i = await put('net.hidden.we');
    const { items } = await vscode.commands.executeCommand<vscode.CompletionList>('vscode.executeCompletionItemProvider', cell(i).document.uri, new vscode.Position(0, 13));
    const weight = items.find((x) => typeof x.label === 'object' && x.label.label === 'weight');
    assert.equal(typeof weight?.label === 'object' && weight.label.description, 'torch.Size([256, 784]) torch.float32');
  });

  it('reveals a model’s class in its cell', async () => {
    await vscode.commands.executeCommand('weightroom.revealSource', { model: `${notebook.uri.fsPath}#net`, path: '' });
    assert.equal(vscode.window.activeTextEditor?.document.uri.toString(), cell(1).document.uri.toString());
    assert.equal(vscode.window.activeTextEditor!.selection.active.line, 0);
  });

  it('takes its variables along when it is renamed', async () => {
    await notebook.save();
    const to = vscode.Uri.joinPath(folder, 'renamed.ipynb');
    const edit = new vscode.WorkspaceEdit();
    edit.renameFile(notebook.uri, to);
    assert.ok(await vscode.workspace.applyEdit(edit));
    await until(() => services.store.models.some((m) => m.id === `${to.fsPath}#net`) && !services.store.models.some((m) => m.file === notebook.uri.fsPath));
    const saved = JSON.parse(fs.readFileSync(path.join(folder.fsPath, 'renamed.ipynb'), 'utf8')) as { metadata: { kernelspec: { name: string } } };
    assert.equal(saved.metadata.kernelspec.name, 'weightroom');
  });

  it('runs the course notebook to its end', async () => {
    const course = await vscode.workspace.openNotebookDocument(vscode.Uri.joinPath(folder, 'notebook.ipynb'));
    await vscode.window.showNotebookDocument(course);
    void vscode.commands.executeCommand('weightroom.runFile');
    await until(() => ended(course.cellAt(course.cellCount - 1)));
    const failed = course.getCells().filter((c) => c.kind === vscode.NotebookCellKind.Code && c.executionSummary?.success !== true);
    assert.deepEqual(failed.map((c) => `${c.document.getText()}\n${shown(c)}`), []);
  });
});
