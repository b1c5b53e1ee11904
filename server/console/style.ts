import { gunzipSync } from 'node:zlib';
import { readConsoleFile } from './assets.ts';

/** Style sheets of the console, one after another. */
export function consoleStyle(names: readonly string[]): string {
  return names.map((name) => gunzipSync(readConsoleFile(name).gzip).toString()).join('');
}
