/**
 * What a model file says, read without running it: does it import weightroom, which classes extend Module, what it exports,
 * where a field is made. By pattern over text with comments and strings blanked out; good for lenses and jumps, not for truth. Pure.
 */

const importPattern = /(?:from\s*|import\s*|require\(\s*)(['"])weightroom\1/;

export const scriptFile = /\.[cm]?[jt]s$/;
const declarationFile = /\.d\.[cm]?ts$/;

export function isModelFile(file: string, text: string): boolean {
  return scriptFile.test(file) && !declarationFile.test(file) && importPattern.test(blankComments(text));
}

/** Same length and lines, comments as spaces. Strings stay: imports are read from them. */
export function blankComments(text: string): string {
  return text.replace(/("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (all, string: string | undefined) => string ?? all.replace(/[^\n]/g, ' '));
}

function blank(text: string): string {
  return blankComments(text).replace(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g, (s) => s.replace(/[^\n]/g, ' '));
}

export interface Declared { name: string; /** 0-based. */ line: number }

const lineOf = (text: string, offset: number): number => text.slice(0, offset).split('\n').length - 1;

/** Classes that extend nn.Module, Module or another class found here that does. */
export function modelClasses(text: string): Declared[] {
  const clean = blank(text);
  const all = [...clean.matchAll(/\bclass\s+([A-Za-z_$][\w$]*)\s*(?:<[^{]*?>)?\s+extends\s+([\w$.]+)/g)].map((m) => ({ name: m[1]!, base: m[2]!, line: lineOf(clean, m.index) }));
  const known = new Set<string>();
  for (let grew = true; grew;) {
    grew = false;
    for (const c of all) {
      if (known.has(c.name) || !(/^(nn\.\w+|Module)$/.test(c.base) || known.has(c.base))) continue;
      known.add(c.name);
      grew = true;
    }
  }
  return all.filter((c) => known.has(c.name)).map(({ name, line }) => ({ name, line }));
}

/** Exported constants, and the default export; which of them are models only a run can tell. */
export function exportedValues(text: string): Declared[] {
  const clean = blank(text);
  const named = [...clean.matchAll(/^[ \t]*export\s+(?:const|let|var)\s+([A-Za-z_$][\w$]*)/gm)].map((m) => ({ name: m[1]!, line: lineOf(clean, m.index) }));
  const standard = [...clean.matchAll(/^[ \t]*export\s+default\s+new\b/gm)].map((m) => ({ name: 'default', line: lineOf(clean, m.index) }));
  return [...named, ...standard];
}

/** Exported constants that are made by `new`, or by a call of nn: likely models before any run. */
export function likelyModels(text: string): Declared[] {
  const clean = blank(text);
  const classes = new Set(modelClasses(text).map((c) => c.name));
  const lines = clean.split('\n');
  return exportedValues(text).filter(({ name, line }) => {
    const rest = lines.slice(line, line + 2).join(' ');
    const made = /\bnew\s+([\w$.]+)/.exec(rest)?.[1];
    return made !== undefined && (name === 'default' || /=\s*new\b/.test(rest)) && (classes.has(made) || /^nn\.(?!Parameter\b)\w+$/.test(made));
  });
}

export function exportsTrain(text: string): boolean {
  const clean = blank(text);
  return /\bexport\s+(?:async\s+)?function\s+train\b/.test(clean) || /\bexport\s+(?:const|let)\s+train\b/.test(clean) || /\bexport\s*\{[^}]*\btrain\b[^}]*\}/.test(clean);
}

/** Offset just after the `}` that closes the first `{` at or after `from`; the text's end when there is none. */
function blockEnd(clean: string, from: number): number {
  let depth = 0;
  for (let i = clean.indexOf('{', from); i >= 0 && i < clean.length; i++) {
    if (clean[i] === '{') depth++;
    else if (clean[i] === '}' && --depth === 0) return i + 1;
  }
  return clean.length;
}

/**
 * Where `class X` makes its field `name` (`name = …`, `this.name = …`, `registerBuffer('name'`, `addModule('name'`).
 * Undefined when the class is not in this text or does not name the field.
 */
export function fieldLine(text: string, className: string, field: string): number | undefined {
  const clean = blank(text);
  const start = new RegExp(`\\bclass\\s+${escape(className)}\\b`).exec(clean);
  if (start === null) return undefined;
  const end = blockEnd(clean, start.index);
  const body = clean.slice(start.index, end);
  const raw = blankComments(text).slice(start.index, end);
  const f = escape(field);
  const found = new RegExp(`(?:^|[;{\\s])(?:readonly\\s+|public\\s+|private\\s+|protected\\s+|declare\\s+)*${f}\\s*[?!]?\\s*(?::[^=;\\n]+)?=(?![=>])`, 'm').exec(body)
    ?? new RegExp(`\\bthis\\.${f}\\s*=(?!=)`).exec(body)
    ?? new RegExp(`\\b(?:registerBuffer|registerParameter|registerModule|addModule)\\(\\s*['"\`]${f}['"\`]`).exec(raw);
  if (found === null) return undefined;
  // The match may begin with the `;`, `{` or line break before the field.
  return lineOf(clean, start.index + found.index + found[0].search(/[^;{\s]/));
}

export function classLine(text: string, className: string): number | undefined {
  const m = new RegExp(`\\bclass\\s+${escape(className)}\\b`).exec(blank(text));
  return m === null ? undefined : lineOf(text, m.index);
}

const escape = (s: string): string => s.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
