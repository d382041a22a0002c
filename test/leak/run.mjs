/** `npm run leak [steps]`: 100,000 training steps in one synchronous loop; resident memory must stay within 50 MB after warm-up. */
import { createRequire } from 'node:module';

const { trainingGrowth, temporariesGrowth } = createRequire(import.meta.url)('../../out/test/leak/leak.js');
const steps = Number(process.argv[2] ?? 100_000);
const limit = 50;
const training = trainingGrowth(2000, steps, (done, mb) => console.log(`${done} steps: ${mb.toFixed(1)} MB`));
const temporaries = temporariesGrowth(200_000);
const say = (what, g) => console.log(`${what}: ${g.start.toFixed(1)} MB after warm-up, ${g.end.toFixed(1)} MB at the end, ${g.peak.toFixed(1)} MB at most: ${g.peak - g.start <= limit ? 'flat' : `GREW by ${(g.peak - g.start).toFixed(1)} MB, at most ${limit}`}`);
say(`${steps} training steps`, training);
say('200000 temporaries of 64 KiB', temporaries);
process.exit([training, temporaries].every((g) => g.peak - g.start <= limit) ? 0 : 1);
