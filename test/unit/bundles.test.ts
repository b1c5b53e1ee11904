import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import { Bundles } from '../../server/launch/bundles.ts';
import { temporaryFolder } from '../support/command.ts';

interface Main {
  rare(): { readonly main: object; fail(): never };
  other(): unknown;
}

const MAIN = "exports.rare = () => require('./rare.cjs'); exports.other = () => require('other');";
const RARE = "exports.main = require('./main.cjs'); exports.fail = () => { throw new Error('boom'); };";

/** A main bundle that requires a compressed one. */
function installed(t: TestContext): { folder: string; file: string; main: Main } {
  const folder = temporaryFolder(t);
  const file = join(folder, 'rare.br');
  writeFileSync(file, brotliCompressSync(RARE));
  const bundles = new Bundles({ folder, compressed: ['rare'], hash: '', command: 'serve', cacheFolder: null, require: (name) => `Node's ${name}` });
  return { folder, file, main: bundles.load('main', MAIN, 'serve') as Main };
}

test('a compressed bundle is loaded once, and shares what the others have loaded', (t) => {
  const { main } = installed(t);
  assert.equal(main.rare(), main.rare());
  assert.equal(main.rare().main, main);
  assert.equal(main.other(), "Node's other");
});

test('a process loads the bundles of the package that it was started from, even after an update', (t) => {
  const { folder, file, main } = installed(t);
  rmSync(file);
  assert.deepEqual(readdirSync(folder), []);
  assert.equal(main.rare().main, main);
});

test('the stack of an error names the compressed bundle', (t) => {
  const { folder, main } = installed(t);
  assert.throws(main.rare().fail, ({ stack }: Error) => stack?.includes(`${join(folder, 'rare.cjs')}:1:`) === true);
});
