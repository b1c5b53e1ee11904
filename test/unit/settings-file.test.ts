import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SettingsError } from '../../server/settings/settings-error.ts';
import { SettingsFile } from '../../server/settings/settings-file.ts';

// This file runs from dist/test/unit/, the fixtures stay with the sources.
const FIXTURES = fileURLToPath(new URL('../../../test/fixtures/opensrf-xml/', import.meta.url));

function temporaryFile(t: TestContext, content: string | Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), 'settings-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'opensrf.xml');
  writeFileSync(path, content);
  return path;
}

function errorOf(path: string): SettingsError {
  try {
    new SettingsFile(path);
  } catch (error) {
    assert.ok(error instanceof SettingsError, String(error));
    return error;
  }
  return assert.fail('it was read');
}

for (const name of readdirSync(FIXTURES).filter((file) => file.endsWith('.xml'))) {
  test(`fixture ${name} decodes to the JSON file beside it`, () => {
    const expected = JSON.parse(readFileSync(join(FIXTURES, name.replace('.xml', '.json')), 'utf8')) as Record<string, unknown>;
    const { current } = new SettingsFile(join(FIXTURES, name));
    assert.ok(Object.keys(expected).length > 0);
    // Through JSON: the objects of one side have no prototype.
    for (const [host, config] of Object.entries(expected)) assert.deepEqual(JSON.parse(JSON.stringify(current.hostConfig(host))), config, host);
  });
}

test('a host without a section, and none at all, get the default section', () => {
  const { current } = new SettingsFile(join(FIXTURES, 'usual.xml'));
  const defaults = current.defaultConfig();
  assert.notEqual(defaults, undefined);
  for (const host of ['', 'nobody', 'nobody,nowhere']) assert.deepEqual(current.hostConfig(host), defaults);
});

test('a host without a section has no settings if there is no default section', () => {
  const { current } = new SettingsFile(join(FIXTURES, 'minimal.xml'));
  assert.equal(current.defaultConfig(), undefined);
  assert.equal(current.hostConfig('nobody'), undefined);
});

test('a host name that is not a valid element name is an error', () => {
  const { current } = new SettingsFile(join(FIXTURES, 'usual.xml'));
  for (const host of ['127.0.0.1', 'a b', 'a,,b', 'a,1', ',', '/', 'x:y', 'a[']) assert.throws(() => current.hostConfig(host), { name: 'XPathError' }, host);
});

test('invalid content is reported in one line', (t) => {
  const rows: readonly (readonly [content: string | Buffer, problem: string])[] = [
    ['<config/>', ':1: the root element is <config>, not <opensrf>; this is not an opensrf.xml'],
    ['<opensrf/>', ':1: <opensrf> contains neither <default> nor <hosts>'],
    ['<opensrf xmlns="urn:x"><default/></opensrf>', ':1: <opensrf> is in the namespace urn:x; OpenSRF looks for it without one, so remove its xmlns'],
    [
      Buffer.from('<opensrf>\n<default>\n\xe4</default></opensrf>', 'latin1'),
      ':3: not UTF-8: convert the file, or declare its encoding in the first line, as <?xml version="1.0" encoding="ISO-8859-1"?>',
    ],
    ['<?xml version="1.0" encoding="klingon"?><opensrf/>', ':1: the encoding klingon is unknown'],
    ['<opensrf>\n<default>\n</opensrf>', ':3: unexpected close tag: <default> of line 2 is open'],
  ];
  for (const [content, problem] of rows) {
    const path = temporaryFile(t, content);
    const { fault, message } = errorOf(path);
    assert.deepEqual([fault, message], ['content', path + problem]);
  }
});

test('an unreadable file, or a reference to one, is reported with its name and the reason', (t) => {
  const missing = errorOf('/nonexistent/opensrf.xml');
  assert.equal(missing.fault, 'file');
  assert.match(missing.message, /^\/nonexistent\/opensrf\.xml: cannot be read: ENOENT/);
  const path = temporaryFile(t, '<!DOCTYPE opensrf [<!ENTITY a SYSTEM "nosuch.ent">]><opensrf><default>&a;</default></opensrf>');
  assert.match(errorOf(path).message, /nosuch\.ent: cannot be read: ENOENT/);
});

test('a byte order mark is ignored, in UTF-8 or UTF-16', (t) => {
  const xml = '<opensrf><default><city>K\u00f6ln</city></default></opensrf>';
  for (const bytes of [Buffer.from(`\ufeff${xml}`), Buffer.from(`\ufeff${xml}`, 'utf16le'), Buffer.from(`\ufeff${xml}`, 'utf16le').swap16()]) {
    assert.equal(JSON.stringify(new SettingsFile(temporaryFile(t, bytes)).current.defaultConfig()), '{"city":"K\u00f6ln"}');
  }
});

test('reading again gives the new content, and a broken file changes nothing', (t) => {
  const path = temporaryFile(t, '<opensrf><default><a>1</a></default></opensrf>');
  const file = new SettingsFile(path);
  const config = () => JSON.stringify(file.current.defaultConfig());
  writeFileSync(path, '<opensrf><default><a>2</a></default></opensrf>');
  assert.equal(config(), '{"a":1}');
  file.reload();
  assert.equal(config(), '{"a":2}');
  writeFileSync(path, '<opensrf><default>');
  assert.throws(() => file.reload(), SettingsError);
  assert.equal(config(), '{"a":2}');
});
