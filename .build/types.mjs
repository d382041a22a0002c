/** The declarations that users get: what is marked @internal left out, every name with its docstring. */
import fs from 'node:fs';
import path from 'node:path';
import { SyntaxKind } from 'typescript/unstable/ast';
import { API } from 'typescript/unstable/sync';
import { root, run } from './run.mjs';

/** Writes them into the folder `to`, inside the repository (node_modules is found from there); lib/index.d.ts is the entry. */
export function publicTypes(to) {
  fs.rmSync(to, { recursive: true, force: true });
  const emitted = path.join(to, 'emitted');
  run(process.execPath, [path.join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', path.join(root, 'extension', 'lib'), '--stripInternal', '--emitDeclarationOnly', '--outDir', emitted, '--tsBuildInfoFile', path.join(emitted, 'info')]);
  fs.renameSync(path.join(emitted, 'extension', 'lib'), path.join(to, 'lib'));
  fs.rmSync(emitted, { recursive: true });
  for (const part of ['checkpoint', 'protocol'])
    fs.cpSync(path.join(root, 'out', 'extension', part), path.join(to, part), { recursive: true, filter: (f) => fs.statSync(f).isDirectory() || f.endsWith('.d.ts') });
  describe(path.join(to, 'lib'));
}

/**
 * Docstrings where the compiler has none: `export const exp = of('exp')` and functions that only pass on to a method of Tensor get the method's,
 * later overloads the first one's, and fields what the constructor says of its parameter.
 */
function describe(lib) {
  const ops = path.join(lib, 'ops.d.ts');
  const files = fs.readdirSync(lib, { recursive: true }).filter((f) => f.endsWith('.d.ts')).map((f) => path.join(lib, f));
  inProject(files, ({ program, checker }) => {
    const exportsOf = (file) => checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)));
    const tensor = checker.getDeclaredTypeOfSymbol(exportsOf(path.join(lib, 'tensor.d.ts')).find((s) => s.name === 'Tensor'));
    const ofMethod = new Map(exportsOf(ops).map((s) => [s.name, checker.getPropertyOfType(tensor, s.name)]).filter(([, m]) => m !== undefined)
      .map(([name, m]) => [name, checker.getDocumentationCommentOfSymbol(m).replace(/\bthis\b/g, 'input')]));
    const functional = path.join(lib, 'nn', 'functional.d.ts'), ofFunction = new Map(exportsOf(path.join(lib, 'functional.d.ts')).map((s) => [s.name, checker.getDocumentationCommentOfSymbol(s)]));
    for (const file of files) {
      const source = program.getSourceFile(file), text = fs.readFileSync(file, 'utf8'), inserts = [];
      const docOf = (node) => /\/\*\*(?:(?!\/\*\*)[^])*?\*\/(?=\s*$)/.exec(text.slice(node.pos, node.getStart()))?.[0];
      let last = { name: '', doc: undefined };
      const visit = (node) => {
        if (node.kind === SyntaxKind.VariableStatement) for (const d of node.declarationList.declarations) {
          const words = docOf(node) !== undefined ? undefined : file === ops ? ofMethod.get(d.name.text) : file === functional ? ofFunction.get(d.name.text) : undefined;
          if (words) inserts.push([d.getStart(), `/** ${words.replaceAll('\n', '\n * ')} */ `]);
        }
        if (node.kind === SyntaxKind.FunctionDeclaration || node.kind === SyntaxKind.MethodDeclaration || node.kind === SyntaxKind.MethodSignature) {
          const name = node.name.getText(), own = docOf(node), words = file === ops ? ofMethod.get(name) : undefined;
          const doc = own ?? (last.name === name ? last.doc : words && `/** ${words.replaceAll('\n', '\n * ')} */`);
          if (own === undefined && doc !== undefined) inserts.push([node.getStart(), `${doc}\n`]);
          last = { name, doc };
        } else if (node.kind === SyntaxKind.ClassDeclaration || node.kind === SyntaxKind.InterfaceDeclaration) {
          // A field that the constructor takes: what is said of the parameter.
          const made = node.members.find((m) => m.kind === SyntaxKind.Constructor), given = made && docOf(made);
          for (const m of node.members) if (given !== undefined && m.kind === SyntaxKind.PropertyDeclaration && docOf(m) === undefined) {
            const words = new RegExp(`@param ${m.name.getText()} (.*?)\\s*(?:\\*/|$)`, 'm').exec(given)?.[1];
            if (words !== undefined) inserts.push([m.getStart(), `/** ${words} */ `]);
          }
          node.members.forEach(visit);
        }
      };
      source.statements.forEach(visit);
      if (inserts.length > 0) fs.writeFileSync(file, inserts.sort((x, y) => y[0] - x[0]).reduce((t, [at, doc]) => t.slice(0, at) + doc + t.slice(at), text));
    }
  });
}

/** What `use` makes of a program of those files. */
export function inProject(files, use) {
  const config = path.join(path.dirname(files[0]), 'tsconfig.json');
  fs.writeFileSync(config, JSON.stringify({ compilerOptions: { module: 'node20', target: 'es2022', strict: true, types: ['node'], noEmit: true }, files }));
  const api = new API({ cwd: root });
  try {
    return use(api.updateSnapshot({ openProjects: [config] }).getProjects()[0]);
  } finally {
    api.close();
    fs.rmSync(config);
  }
}
