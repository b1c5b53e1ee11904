import assert from 'node:assert/strict';
import { linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CommandError } from '../../server/kernel/exit-codes.ts';
import { removeOwnFile, writeFileAtomically } from '../../server/kernel/files.ts';
import { temporaryFolder } from '../support/command.ts';

const SECRET = 'the token\n';

for (const [what, prepare] of [
  ['a link to a file', symlinkSync],
  ['another name of a file', linkSync],
] as const) {
  test(`${what} in the place of a new file is not followed`, (t) => {
    const folder = temporaryFolder(t);
    const [path, theirs] = [join(folder, 'control.json'), join(folder, 'theirs')];
    writeFileSync(theirs, 'precious', { mode: 0o666 });
    prepare(theirs, `${path}.${process.pid}.tmp`);
    writeFileAtomically(path, SECRET, 0o600);
    assert.equal(readFileSync(theirs, 'utf8'), 'precious');
    assert.equal(readFileSync(path, 'utf8'), SECRET);
    assert.deepEqual([lstatSync(path).isFile(), statSync(path).mode & 0o777], [true, 0o600]);
    assert.deepEqual(readdirSync(folder).sort(), ['control.json', 'theirs']);
  });
}

test('a file that cannot be written is reported, and leaves nothing behind', (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'taken'));
  for (const path of [join(folder, 'taken'), join(folder, 'absent', 'file')]) {
    assert.throws(
      () => writeFileAtomically(path, SECRET),
      (error) => error instanceof CommandError && error.message.startsWith(`cannot write ${path}: `),
    );
  }
  assert.deepEqual(readdirSync(folder), ['taken']);
});

test('a file is removed only while it has our content', (t) => {
  const path = join(temporaryFolder(t), 'pid');
  writeFileAtomically(path, '1\n');
  removeOwnFile(path, '2\n');
  assert.equal(readFileSync(path, 'utf8'), '1\n');
  removeOwnFile(path, '1\n');
  assert.equal(lstatSync(path, { throwIfNoEntry: false }), undefined);
  removeOwnFile(path, '1\n');
});
