/**
 * Makes media/icons/weightroom.ttf from media/icons/*.svg (one path each, 16 × 16) and checks the manifest's `contributes.icons`.
 * On demand, after an icon changed: npm install --no-save opentype.js@2 && node .build/icons.mjs
 */
import fs from 'node:fs';
import path from 'node:path';
import opentype from 'opentype.js';
import { root } from './run.mjs';

const dir = path.join(root, 'media', 'icons');
const units = 1024;
const names = fs.readdirSync(dir).filter((f) => f.endsWith('.svg')).map((f) => f.slice(0, -4)).sort();
const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
const declared = manifest.contributes.icons;

const glyphs = [new opentype.Glyph({ name: '.notdef', unicode: 0, advanceWidth: units, path: new opentype.Path() })];
for (const name of names) {
  const icon = declared[`weightroom-${name}`];
  if (icon === undefined) throw new Error(`package.json declares no icon weightroom-${name}`);
  const d = /<path d="([^"]+)"/.exec(fs.readFileSync(path.join(dir, `${name}.svg`), 'utf8'))[1];
  const outline = new opentype.Path();
  outline.fromSVG(d, { decimalPlaces: 2, optimize: false, flipY: false });
  // SVG: y down, 16 units. Font: y up, on the em square.
  const scale = units / 16;
  for (const c of outline.commands) for (const [x, y] of [['x', 'y'], ['x1', 'y1'], ['x2', 'y2']]) if (c[x] !== undefined) { c[x] *= scale; c[y] = units - c[y] * scale; }
  glyphs.push(new opentype.Glyph({ name, unicode: parseInt(icon.default.fontCharacter.slice(1), 16), advanceWidth: units, path: outline }));
}
const font = new opentype.Font({ familyName: 'weightroom', styleName: 'Regular', unitsPerEm: units, ascender: units, descender: 0, glyphs });
fs.writeFileSync(path.join(dir, 'weightroom.ttf'), Buffer.from(font.toArrayBuffer()));
console.log(`${names.length} icons`);
