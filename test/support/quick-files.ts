import { readdirSync } from 'node:fs';

const TESTS = new URL('../', import.meta.url);

/** The compiled test files of the quick tier, relative to `dist/test/`. */
export function quickFiles(): string[] {
  const inFolders = ['unit/', 'properties/'].flatMap((folder) => readdirSync(new URL(folder, TESTS)).map((name) => folder + name));
  return [...inFolders.filter((name) => name.endsWith('.test.js')), 'transcripts/memory.test.js'];
}
