/** The rows of the case table on webgpu: a real GPU, or SwiftShader beside Debian's chromium. Without an adapter they are skipped, with the reason. */
import '../unit/swiftShader';

import { backends } from '../../extension/lib/index';
import { onDevice } from './check';

if (backends.webgpu.isAvailable()) onDevice('webgpu');
else it.skip(`the case rows on webgpu: ${backends.webgpu.detail()}`);
