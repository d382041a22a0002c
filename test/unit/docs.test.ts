/** What the editor shows on hovering: every name that users can write says what it does. Read from the declarations they get. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { SymbolFlags, type Project, type Symbol } from 'typescript/unstable/sync';

import { repoRoot } from './paths';

type Types = { publicTypes(to: string): void; inProject<T>(files: string[], use: (project: Project) => T): T };

describe('docstrings', () => {
  const dir = path.join(repoRoot, 'out', 'types'), entry = path.join(dir, 'lib', 'index.d.ts');
  let types: Types;
  before(async () => {
    types = (await import(pathToFileURL(path.join(repoRoot, '.build', 'types.mjs')).href)) as Types;
    types.publicTypes(dir);
  });
  after(() => fs.rmSync(dir, { recursive: true, force: true }));

  it('every exported name, and every member of a class or of options, has one', () => {
    const { all, bare } = types.inProject([entry], ({ program, checker }) => {
      const seen = new Set<number>(), all: string[] = [], bare: string[] = [];
      const foreign = (s: Symbol): boolean => s.declarations.length === 0 || !s.declarations[0]!.path.startsWith(dir.toLowerCase()) && !s.declarations[0]!.path.startsWith(dir);
      const note = (s: Symbol, name: string): void => { all.push(name); if (checker.getDocumentationCommentOfSymbol(s) === '') bare.push(name); };
      const visit = (given: Symbol, name: string): void => {
        const s = given.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(given) : given;
        if (seen.has(s.id) || foreign(s)) return;
        seen.add(s.id);
        if (s.flags & SymbolFlags.ValueModule) {
          for (const e of checker.getExportsOfModule(s)) visit(e, `${name}.${e.name}`);
          return;
        }
        note(s, name);
        if (!(s.flags & (SymbolFlags.Class | SymbolFlags.Interface))) return;
        for (const type of [checker.getDeclaredTypeOfSymbol(s), ...(s.flags & SymbolFlags.Class ? [checker.getTypeOfSymbol(s)!] : [])]) for (const member of checker.getPropertiesOfType(type)) {
          if (seen.has(member.id) || foreign(member) || /^(__|#|prototype$)/.test(member.name)) continue;
          seen.add(member.id);
          const node = member.declarations[0]!.resolve() as { modifiers?: readonly { getText(): string }[] } | undefined;
          if (!node?.modifiers?.some((m) => ['private', 'protected'].includes(m.getText()))) note(member, `${name}.${member.name}`);
        }
      };
      for (const e of checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!)) visit(e, e.name);
      return { all, bare };
    });
    for (const known of ['tensor', 'Tensor.exp_', 'exp', 'nn.Linear', 'nn.Linear.inFeatures', 'optim.SGDOptions.momentum', 'nn.functional.crossEntropy', 'nn.init.kaimingUniform_', 'optim.lrScheduler.StepLR', 'data.DataLoader', 'linalg.svd', 'nn.utils.rnn.padSequence']) assert.ok(all.includes(known), `${known} was not looked at`);
    assert.deepEqual(bare, []);
  });

  it('what is marked @internal is not offered, and the rest compiles', () => {
    assert.deepEqual(types.inProject([entry], ({ program }) => program.getSemanticDiagnostics().map((d) => `${d.fileName}: ${d.text}`)), []);
    const text = fs.readdirSync(path.join(dir, 'lib'), { recursive: true }).map(String).filter((f) => f.endsWith('.d.ts')).map((f) => fs.readFileSync(path.join(dir, 'lib', f), 'utf8')).join('\n');
    assert.match(text, /function slogdet\b/);
    for (const name of ['as internal', 'function checkSpatial', 'function checkReduction', 'function floating', 'function logarithm', 'get parameters_']) assert.doesNotMatch(text, new RegExp(`\\b${name}\\b`));
  });
});
