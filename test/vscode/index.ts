/** Entry of the tests inside a real extension host: WEIGHTROOM_SUITE says which folder's files run. */
import fs from 'node:fs';
import path from 'node:path';
import Mocha from 'mocha';

export async function run(): Promise<void> {
  const suite = process.env['WEIGHTROOM_SUITE'] ?? 'trusted';
  const mocha = new Mocha({ timeout: 300_000, reporter: path.resolve(__dirname, '../../../.build/mochaReporter.cjs') });
  const dir = path.join(__dirname, suite);
  for (const f of fs.readdirSync(dir).filter((n) => n.endsWith('.test.js')).sort()) mocha.addFile(path.join(dir, f));
  const failures = await new Promise<number>((done) => { mocha.run(done); });
  if (failures > 0) throw new Error(`${failures} tests failed`);
}
