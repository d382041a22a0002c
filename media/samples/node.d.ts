// What training.ts uses of Node. With @types/node installed, delete this file.
declare module 'node:fs' {
  const fs: { readFileSync(file: string, encoding: 'utf8'): string };
  export default fs;
}
declare module 'node:path' {
  const path: { resolve(...parts: string[]): string };
  export default path;
}
declare const __dirname: string;
