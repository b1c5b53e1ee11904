import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Bundle } from '../../server/launch/bundle.ts';
import { CodeCache, cacheFolder } from '../../server/launch/code-cache.ts';
import { temporaryFolder } from '../support/command.ts';

const CODE = Buffer.from('compiled code');

function written(t: TestContext): { cache: CodeCache; folder: string; file: string } {
  const folder = join(temporaryFolder(t), 'cache');
  const cache = new CodeCache(folder, 'serve', 'hash of the source');
  cache.write(CODE);
  const [name] = readdirSync(folder);
  return { cache, folder, file: join(folder, name as string) };
}

test('compiled code is reused in the next run, by its user only', (t) => {
  const { cache, folder, file } = written(t);
  assert.deepEqual(cache.read(), CODE);
  assert.deepEqual([statSync(folder).mode & 0o777, statSync(file).mode & 0o777], [0o700, 0o600]);
  assert.deepEqual(readdirSync(folder).length, 1, 'nothing unfinished is left');
});

test('the program runs without a folder for its cache', { skip: process.platform !== 'linux' && 'needs /proc' }, () => {
  new CodeCache('/proc/.cache/opensrf-chopchop', 'serve', 'hash of the source').write(CODE);
});

test('compiled code of another source or of another command is not taken', (t) => {
  const { folder } = written(t);
  assert.equal(new CodeCache(folder, 'serve', 'another hash').read(), undefined);
  assert.equal(new CodeCache(folder, 'request', 'hash of the source').read(), undefined);
});

test('broken code is not taken, and is written anew', (t) => {
  const { cache, file } = written(t);
  const content = readFileSync(file);
  for (const broken of [Buffer.alloc(0), content.subarray(0, -1), Buffer.concat([content, Buffer.from('x')]), Buffer.from(content).fill(0, 40, 41)]) {
    writeFileSync(file, broken);
    assert.equal(cache.read(), undefined);
  }
  cache.write(CODE);
  assert.deepEqual(cache.read(), CODE);
});

test('cached code that another user could have written is ignored', (t) => {
  const { cache, file } = written(t);
  chmodSync(file, 0o620);
  assert.equal(cache.read(), undefined);
  chmodSync(file, 0o600);
  assert.deepEqual(cache.read(), CODE);
  renameSync(file, `${file}.real`);
  symlinkSync(`${file}.real`, file);
  assert.equal(cache.read(), undefined);
});

test('without a writable folder nothing is written', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'file'), '');
  const cache = new CodeCache(join(folder, 'file/cache'), 'serve', 'hash');
  cache.write(CODE);
  assert.equal(cache.read(), undefined);
});

test('compiled code is kept in the user’s cache, if it exists and belongs to the user', (t) => {
  const home = temporaryFolder(t);
  assert.equal(cacheFolder({ HOME: home }), join(home, '.cache/opensrf-chopchop'));
  assert.equal(cacheFolder({ HOME: '/', XDG_CACHE_HOME: home }), join(home, 'opensrf-chopchop'));
  assert.equal(cacheFolder({ HOME: home, XDG_CACHE_HOME: 'relative' }), join(home, '.cache/opensrf-chopchop'));
  assert.equal(cacheFolder({ HOME: home, NODE_DISABLE_COMPILE_CACHE: '1' }), null);
  assert.equal(cacheFolder({ HOME: join(home, 'absent') }), null);
  assert.equal(cacheFolder({}), null);
  const uid = statSync(home).uid;
  t.mock.method(process as { getuid(): number }, 'getuid', () => uid + 1);
  assert.equal(cacheFolder({ HOME: home }), null, 'the home of another user');
});

test('a bundle runs with and without its compiled code', () => {
  const source = 'exports.answer = () => require("number") * 2;';
  const load = (bundle: Bundle) => (bundle.load(() => 21, '/') as { answer(): number }).answer();
  const first = new Bundle('bundle.cjs', source, undefined);
  assert.deepEqual([load(first), first.precompiled], [42, false]);
  const second = new Bundle('bundle.cjs', source, first.compiled());
  assert.deepEqual([load(second), second.precompiled], [42, true]);
  const other = new Bundle('bundle.cjs', `${source} `, first.compiled());
  assert.deepEqual([load(other), other.precompiled], [42, false]);
});
