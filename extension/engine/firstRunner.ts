/** The runner, for the process to import before all else: asked to ('runner' among its arguments), the thread starts while this one still loads. */
import { RunnerHost } from './runnerHost';

export const runner = new RunnerHost();
if (process.argv.includes('runner')) runner.start();
