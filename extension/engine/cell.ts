/**
 * A notebook cell as code that the runner calls. Types are stripped by esbuild, which also turns names of earlier cells into
 * reads of the shared scope; what the cell declares stays an ordinary local, so loops run at full speed, and is
 * offered to later cells through accessors. Names that only a later cell will declare are found by `with`.
 */
import { SourceMap, type SourceMapPayload } from 'node:module';
import path from 'node:path';
import { parse, type Declaration, type ExportDefaultDeclaration, type ExportNamedDeclaration, type ImportDeclaration, type Pattern, type Program } from 'acorn';
import { transform, type BuildFailure } from 'esbuild';

import type { CellCode } from '../protocol/notebook';
import { bundleFile, type Bundle } from './bundle';
import { fail, ReportedError, syntaxError } from './userError';

export interface CompiledCell extends CellCode {
  /** Name of the cell's source in stacks: unique for each run. */
  source: string;
  /** CommonJS; exports `(scope, cell: CellFrame) => () => Promise<[last value] | undefined>`. */
  compiled: string;
  /** `bundle` for the user's own files; packages and 'weightroom' are required by name. */
  imports: { from: string; bundle: Bundle | null }[];
}

/** What a running cell is given. */
export interface CellFrame {
  imported(index: number, name: string): unknown;
  /** Getter and, unless constant, setter of everything the cell declares at top level. */
  declare(names: Record<string, [() => unknown, ((v: unknown) => void)?]>): void;
}

/** Looked up once a cell instead of through `with`. */
const builtins = 'NaN,Infinity,Math,Number,Array,Object,String,Boolean,BigInt,Symbol,Map,Set,WeakMap,Promise,JSON,Date,RegExp,Error,TypeError,RangeError,Float32Array,Float64Array,Int32Array,Uint8Array,BigInt64Array,parseInt,parseFloat,isNaN,isFinite,console';

let serial = 0;

/** `known`: the names that the notebook's scope holds. Throws ReportedError at the cell's own line. */
export async function compileCell(cell: CellCode, known: readonly string[]): Promise<CompiledCell> {
  const source = `cell:${++serial}`;
  const { code, map } = await strip(cell, source, known);
  const program = parse(code, { ecmaVersion: 'latest', sourceType: 'module', allowReturnOutsideFunction: true, allowAwaitOutsideFunction: true, locations: true });
  const payload = JSON.parse(map) as SourceMapPayload;
  const origins = new SourceMap(payload);
  const parts = takeApart(program, cell, (line) => (origins.findEntry(line - 1, 0) as { originalLine?: number }).originalLine! + 1);
  const mappings = payload.mappings.split(';');
  let body = blank(code, parts.blanks);
  if (parts.last !== null) {
    // Statements begin lines in esbuild's output: a line of our own before one shifts no column.
    const { start, end, expressionStart, expressionEnd, line } = parts.last;
    body = `${body.slice(0, start)}return [(\n${body.slice(expressionStart, expressionEnd)}\n)];${body.slice(end)}`;
    mappings.splice(line - 1, 0, '');
  }
  const inMap = JSON.stringify({ version: 3, sources: [source], names: payload.names, mappings: `;${mappings.join(';')}` });
  const names = parts.declared.map(([name, constant]) => `${JSON.stringify(name)}: [() => ${name}${constant ? '' : `, (__v) => { ${name} = __v; }`}]`);
  const head = `module.exports = function (__scope, __cell) { with (__scope) { return (function (${builtins}, undefined) { "use strict"; return async () => {`
    + parts.imported.map(({ local, index, name }) => `const ${local} = __cell.imported(${index}, ${JSON.stringify(name)});`).join('') + `__cell.declare({${names.join(', ')}});`;
  const compiled = `${head}\n${body}\n}; })(${builtins}); } };\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(inMap).toString('base64')}\n`;
  return { ...cell, source, compiled, imports: await Promise.all(parts.from.map(async ({ name, line }) => ({ from: name, bundle: await local(name, cell, line) }))) };
}

async function strip(cell: CellCode, source: string, known: readonly string[]): Promise<{ code: string; map: string }> {
  try {
    return await transform(cell.code, {
      loader: 'ts', target: 'node20', sourcefile: source, sourcemap: 'external', sourcesContent: false, logLevel: 'silent',
      define: Object.fromEntries(known.map((n) => [n, `__scope.${n}`])),
      // Imports serve later cells too: none is unused. Class fields must define, or registration misses them.
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true, useDefineForClassFields: true } },
    });
  } catch (error) {
    if (!Array.isArray((error as Partial<BuildFailure>).errors)) throw error;
    const info = syntaxError(error as BuildFailure, cell.cell);
    const location = { ...info.location!, file: cell.cell };
    throw new ReportedError({ ...info, name: 'SyntaxError', location, stack: `SyntaxError: ${info.message}\n    Cell In[${cell.count}], line ${location.line}` });
  }
}

/** One of the user's own files, found and inlined as esbuild does it. */
async function local(from: string, cell: CellCode, line: number): Promise<Bundle | null> {
  if (!/^\.{0,2}\//.test(from) && !path.isAbsolute(from)) return null;
  try {
    return await bundleFile(cell.notebook, `module.exports = require(${JSON.stringify(from)});`);
  } catch (error) {
    const at = error instanceof ReportedError ? error.info.location : undefined;
    throw at?.file === cell.notebook ? new ReportedError({ ...(error as ReportedError).info, location: { file: cell.cell, line, column: 1 } }) : error;
  }
}

interface Parts {
  /** Name and whether it is constant. */
  declared: [string, boolean][];
  imported: { local: string; index: number; name: string }[];
  from: { name: string; line: number }[];
  /** Stretches of the text that a function body cannot hold. */
  blanks: [number, number][];
  last: { start: number; end: number; expressionStart: number; expressionEnd: number; line: number } | null;
}

/** `lineOf`: the user's line of a line of the program. */
function takeApart(program: Program, cell: CellCode, lineOf: (line: number) => number): Parts {
  const parts: Parts = { declared: [], imported: [], from: [], blanks: [], last: null };
  for (const node of program.body) {
    parts.last = null;
    if (node.type === 'ImportDeclaration') { takeImport(node, parts, lineOf(node.loc!.start.line)); continue; }
    if (node.type === 'ExportAllDeclaration' || (node.type === 'ExportNamedDeclaration' && node.source)) return fail('user', 'SyntaxError', 'a cell cannot export from another file; import it instead', { file: cell.cell, line: lineOf(node.loc!.start.line), column: 1 });
    const inner = node.type === 'ExportNamedDeclaration' || node.type === 'ExportDefaultDeclaration' ? unexport(node, parts) : node;
    switch (inner?.type) {
      case 'VariableDeclaration':
        for (const d of inner.declarations) for (const name of namesIn(d.id)) parts.declared.push([name, inner.kind !== 'let' && inner.kind !== 'var']);
        break;
      case 'FunctionDeclaration':
      case 'ClassDeclaration':
        if (inner.id) parts.declared.push([inner.id.name, false]);
        break;
      case 'ExpressionStatement':
        // As in Python, an assignment shows nothing.
        if (inner.expression.type !== 'AssignmentExpression' && inner.expression.type !== 'UpdateExpression') parts.last = { start: node.start, end: node.end, expressionStart: inner.expression.start, expressionEnd: inner.expression.end, line: node.loc!.start.line };
        break;
    }
  }
  return parts;
}

function takeImport(node: ImportDeclaration, parts: Parts, line: number): void {
  const index = parts.from.push({ name: String(node.source.value), line }) - 1;
  parts.blanks.push([node.start, node.end]);
  for (const s of node.specifiers) {
    const name = s.type === 'ImportNamespaceSpecifier' ? '*' : s.type === 'ImportDefaultSpecifier' ? 'default' : s.imported.type === 'Identifier' ? s.imported.name : String(s.imported.value);
    parts.imported.push({ local: s.local.name, index, name });
    parts.declared.push([s.local.name, true]);
  }
}

/** Everything in a cell is shared already: `export` only disappears. */
function unexport(node: ExportNamedDeclaration | ExportDefaultDeclaration, parts: Parts): Declaration | { type: 'ExpressionStatement'; expression: { type: string; start: number; end: number } } | null {
  const declaration = node.declaration ?? null;
  parts.blanks.push([node.start, declaration?.start ?? node.end]);
  const named = declaration !== null && (declaration.type === 'VariableDeclaration' || ((declaration.type === 'ClassDeclaration' || declaration.type === 'FunctionDeclaration') && declaration.id !== null));
  return declaration === null || named ? (declaration as Declaration | null) : { type: 'ExpressionStatement', expression: declaration };
}

function namesIn(p: Pattern): string[] {
  switch (p.type) {
    case 'Identifier': return [p.name];
    case 'ObjectPattern': return p.properties.flatMap((x) => namesIn(x.type === 'RestElement' ? x.argument : x.value));
    case 'ArrayPattern': return p.elements.flatMap((e) => (e === null ? [] : namesIn(e)));
    case 'AssignmentPattern': return namesIn(p.left);
    case 'RestElement': return namesIn(p.argument);
    case 'MemberExpression': return [];
  }
}

const blank = (code: string, stretches: [number, number][]): string => stretches.reduce((text, [a, b]) => text.slice(0, a) + text.slice(a, b).replace(/[^\n]/g, ' ') + text.slice(b), code);
