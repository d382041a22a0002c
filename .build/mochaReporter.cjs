/** Mocha's spec output, and the counts as JSON in the file MOCHA_REPORT names. */
const fs = require('node:fs');
const { reporters, Runner } = require('mocha');

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const counts = { passed: 0, failed: 0, skipped: 0, reason: '' };
    const skipped = [];
    runner.on(Runner.constants.EVENT_TEST_PASS, () => counts.passed++);
    runner.on(Runner.constants.EVENT_TEST_FAIL, () => counts.failed++);
    runner.on(Runner.constants.EVENT_TEST_PENDING, (t) => { counts.skipped++; skipped.push(t.fullTitle()); });
    runner.on(Runner.constants.EVENT_RUN_END, () => {
      counts.reason = skipped.join('; ');
      if (process.env.MOCHA_REPORT) fs.writeFileSync(process.env.MOCHA_REPORT, JSON.stringify(counts));
    });
  }
};
