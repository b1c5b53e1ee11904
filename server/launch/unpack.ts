import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { unpacked } from './unpacked.ts';

// The package's bin/unpack.cjs: runs a compressed bundle for the library. The programs also keep its compiled code (launch.ts).

/** Runs the bundle beside a CommonJS file, as if it was the text of that file. The parameters are those of Node for such a file. */
export function run(exports: unknown, require: NodeJS.Require, module: NodeJS.Module, filename: string, dirname: string): void {
  const source = unpacked(readFileSync(filename.replace(/cjs$/, 'br')));
  // Not node:vm: a test file of Jest has its own global objects, and the bundle must use these.
  const wrapped = new Function('exports', 'require', 'module', '__filename', '__dirname', `${source}\n//# sourceURL=${pathToFileURL(filename).href}`);
  wrapped(exports, require, module, filename, dirname);
}
