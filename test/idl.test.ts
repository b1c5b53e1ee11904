import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run, temporaryFolder } from './support/command.ts';
import { startControlledServer } from './support/control.ts';

const IDL = fileURLToPath(new URL('../../test/fixtures/fm_IDL.xml', import.meta.url));

test('the IDL names the values of Evergreen’s objects, the standard ones last, as Fieldmapper orders them', async (t) => {
  const { json } = await startControlledServer(t, {}, 0, IDL);
  assert.deepEqual(await json('/api/v1/idl'), { file: IDL, classes: { au: ['card', 'id', 'usrname', 'isnew', 'ischanged', 'isdeleted'] } });
  assert.equal((await json('/api/v1/server'))['idl'], IDL);
});

test('without an IDL the control interface says how to name one, and of a broken one where it is broken', async (t) => {
  const { json } = await startControlledServer(t);
  assert.deepEqual(await json('/api/v1/idl'), { error: 'no IDL: start the server with --idl fm_IDL.xml' });
  const broken = join(temporaryFolder(t), 'fm_IDL.xml');
  writeFileSync(broken, '<IDL>\n<class id="au">\n</IDL>');
  const other = await startControlledServer(t, {}, 0, broken);
  assert.match(String((await other.json('/api/v1/idl'))['error']), /fm_IDL\.xml:3: /);
});

test('the IDL of the built-in settings is the IDL of the console, if the file is there', async (t) => {
  const file = join(temporaryFolder(t), 'opensrf.xml');
  const settings = (idl: string) => writeFileSync(file, `<opensrf><default><IDL>${idl}</IDL></default><hosts><localhost/></hosts></opensrf>`);
  settings(IDL);
  const { json } = await startControlledServer(t, { settings: { file } });
  assert.equal((await json('/api/v1/server'))['idl'], IDL);
  settings('/nowhere/fm_IDL.xml');
  const other = await startControlledServer(t, { settings: { file } });
  assert.equal((await other.json('/api/v1/server'))['idl'], null);
});

test('an IDL that is not there, or without a control interface, is a mistake of the configuration', () => {
  const absent = run('--port', '0', '--console', '0', '--idl', '/nowhere/fm_IDL.xml', '--check-config');
  assert.match(absent.stderr, /--idl: there is no file \/nowhere\/fm_IDL\.xml/);
  assert.match(run('--port', '0', '--idl', IDL, '--check-config').stderr, /--idl: there is no control interface without --console or --control-socket/);
});
