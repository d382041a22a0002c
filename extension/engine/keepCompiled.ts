/** Node writes its cache of compiled code (NODE_COMPILE_CACHE, Node 22 and newer) when a thread exits; ours are killed. Each thread calls this once. */
import nodeModule from 'node:module';

export function keepCompiled(): void {
  setTimeout(() => (nodeModule as { flushCompileCache?: () => void }).flushCompileCache?.(), 5000).unref();
}
