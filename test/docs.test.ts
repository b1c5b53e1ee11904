import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Inside of the package, so that it is known by its own name there. */
const FOLDER = join(ROOT, 'dist/docs');
const PAGES = ['README.md', 'docs/fixture.md', 'docs/library.md'];

/** The TypeScript of a page, block by block, with the line where each begins. */
function blocksOf(page: string): { name: string; code: string }[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match) => {
    const line = text.slice(0, match.index).split('\n').length;
    return { name: `${page.replace(/\W/g, '-')}-line-${line}`, code: match[1] as string };
  });
}

test('the TypeScript of the documentation compiles, and does the same as its text', async (t) => {
  const blocks = PAGES.flatMap(blocksOf);
  assert.ok(blocks.length >= 10);
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  // An empty export makes a module of one without imports.
  for (const { name, code } of blocks) writeFileSync(join(FOLDER, `${name}.ts`), `${code}export {};\n`);
  const options = [
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--lib',
    'es2023,esnext.disposable',
    '--types',
    'node',
    '--skipLibCheck',
    '--ignoreConfig',
  ];
  const files = blocks.map(({ name }) => `${name}.ts`);
  const { stdout } = spawnSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), ...options, ...files], { cwd: FOLDER, encoding: 'utf8' });
  assert.equal(stdout, '');
  for (const { name } of blocks) await t.test(name, async () => void (await import(join(FOLDER, `${name}.js`))));
});
