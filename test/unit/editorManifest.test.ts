/** The manifest against the command table, the icons, the translations and the files it names. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { repoRoot as root } from './paths';

type Json = Record<string, unknown>;
const read = (file: string): string => fs.readFileSync(path.join(root, file), 'utf8');
const manifest = JSON.parse(read('package.json')) as Json & { contributes: Record<string, any> };
const { contributes } = manifest;
const sources = (dir: string): string[] => fs.readdirSync(path.join(root, dir), { recursive: true }).map(String).filter((f) => f.endsWith('.ts')).map((f) => path.join(dir, f));

/** Every `weightroom.x` that menus, keys and welcome texts refer to. */
function referredCommands(): string[] {
  const listed = [...Object.values(contributes['menus'] as Record<string, { command: string }[]>).flat(), ...(contributes['keybindings'] as { command: string }[])].map((m) => m.command);
  const texts = [read('package.nls.json'), read('package.nls.zh-cn.json')].join('\n');
  return [...listed, ...[...texts.matchAll(/\(command:(weightroom\.[\w.]+)\)/g)].map((m) => m[1]!)];
}

describe('manifest', () => {
  const declared = (contributes['commands'] as { command: string }[]).map((c) => c.command);
  const table = [...read('extension/commands/table.ts').matchAll(/^ {2}'(weightroom\.\w+)':/gm)].map((m) => m[1]!);

  it('declares exactly the commands of the table, each once', () => {
    assert.ok(table.length >= 19);
    assert.deepEqual([...declared].sort(), [...table].sort());
    assert.equal(new Set(declared).size, declared.length);
  });

  it('has every command id that DESIGN names', () => {
    for (const id of ['runFile', 'forward', 'backward', 'train', 'interrupt', 'reinitialize', 'undoReinitialize', 'moveToDevice', 'freeze', 'saveCheckpoint', 'loadCheckpoint', 'compareCheckpoints', 'inspectGradients', 'revealSource', 'copyName', 'restartEngine', 'newModel', 'setUpTypes', 'openSample'])
      assert.ok(declared.includes(`weightroom.${id}`), id);
  });

  it('refers to declared commands only', () => {
    for (const id of referredCommands()) assert.ok(declared.includes(id) || id.endsWith('.focus'), id);
  });

  it('gives every command a category, and an icon where a menu shows it inline', () => {
    for (const c of contributes['commands'] as { command: string; category?: string; icon?: string }[]) assert.equal(c.category, '%category%', c.command);
    const icons = new Map((contributes['commands'] as { command: string; icon?: string }[]).map((c) => [c.command, c.icon]));
    for (const entries of Object.values(contributes['menus'] as Record<string, { command: string; group?: string }[]>))
      for (const e of entries) if (/^(inline|navigation)/.test(e.group ?? '')) assert.ok(icons.get(e.command), e.command);
  });

  it('names files that exist', () => {
    const text = JSON.stringify(manifest);
    for (const [, file] of text.matchAll(/"(media\/[^"]+)"/g)) assert.ok(fs.existsSync(path.join(root, file!)), file);
  });

  it('declares the icons that menus and code use, each with a glyph source', () => {
    const icons = Object.keys(contributes['icons'] as Json);
    const code = sources('extension').map(read).join('\n') + JSON.stringify(contributes['commands']);
    const used = [...code.matchAll(/(?:\$\(|ThemeIcon\(')(weightroom-\w+)/g)].map((m) => m[1]!);
    assert.ok(used.length > 5);
    for (const name of used) assert.ok(icons.includes(name), name);
    for (const name of icons) assert.ok(fs.existsSync(path.join(root, 'media', 'icons', `${name.replace('weightroom-', '')}.svg`)), name);
  });
});

describe('translations', () => {
  const en = JSON.parse(read('package.nls.json')) as Record<string, string>;
  const zh = JSON.parse(read('package.nls.zh-cn.json')) as Record<string, string>;

  it('has every key of the manifest in both languages, and no other', () => {
    const used = new Set([...read('package.json').matchAll(/%([\w.]+)%/g)].map((m) => m[1]!));
    assert.deepEqual(Object.keys(en).sort(), [...used].sort());
    assert.deepEqual(Object.keys(zh).sort(), [...used].sort());
  });

  it('keeps the command links of the English text', () => {
    const links = (s: string): string[] => [...s.matchAll(/\(command:[^)]+\)/g)].map((m) => m[0]);
    for (const key of Object.keys(en)) assert.deepEqual(links(zh[key]!), links(en[key]!), key);
  });

  it('has every string of host and pages in every language, with the same placeholders', async () => {
    const { collect, bundle, languages } = (await import(pathToFileURL(path.join(root, '.build', 'l10n.mjs')).href)) as { collect(): string[]; bundle(language: string): Record<string, string>; languages(): string[] };
    const strings = collect();
    assert.ok(strings.length > 300);
    assert.deepEqual(Object.keys(bundle('')).sort(), strings, 'run: node .build/l10n.mjs');
    assert.deepEqual(languages(), ['.zh-cn']);
    const holes = (s: string): string[] => [...s.matchAll(/\{\d+\}/g)].map((m) => m[0]).sort();
    for (const language of languages()) {
      const translated = bundle(language);
      assert.deepEqual(Object.keys(translated).sort(), strings, `run: node .build/l10n.mjs, and translate what it lists for ${language}`);
      for (const s of strings) assert.deepEqual(holes(translated[s]!), holes(s), s);
    }
  });
});

describe('agent tools', () => {
  it('declares exactly the tools that are registered', () => {
    const declared = (contributes['languageModelTools'] as { name: string }[]).map((x) => x.name);
    const registered = [...read('extension/commands/agentTools.ts').matchAll(/^ {2}(weightroom_\w+):/gm)].map((m) => m[1]!);
    assert.deepEqual(declared.sort(), registered.sort());
  });
});
