import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ConfigError, formatProblem } from '../../server/config/problem.ts';
import { readOpensrfCore } from '../../server/config/sources/opensrf-core.ts';
import { SettingsFile } from '../../server/settings/settings-file.ts';
import { decodeXml } from '../../server/xml/decode-text.ts';
import { parseXml } from '../../server/xml/parse.ts';
import { XmlError } from '../../server/xml/xml-error.ts';

// One reader for all XML files on the disk: opensrf_core.xml, srfsh.xml, opensrf.xml.

const FIXTURES = fileURLToPath(new URL('../../../test/fixtures/core/', import.meta.url));

function decoded(bytes: Uint8Array): string {
  try {
    return decodeXml(bytes, 'F');
  } catch (error) {
    assert.ok(error instanceof XmlError, String(error));
    return error.message;
  }
}

function declaring(encoding: string, rest: string): Buffer {
  return Buffer.from(`<?xml version="1.0" encoding="${encoding}"?>\n${rest}`, 'latin1');
}

/** The text behind the declaration. */
function rest(bytes: Uint8Array): string {
  return decoded(bytes).replace(/^<\?xml[^>]*>\n/, '');
}

test('a file is read in its declared encoding', () => {
  const rows: readonly (readonly [encoding: string, bytes: string, text: string])[] = [
    ['UTF-8', 'k\xc3\xb6ln', 'köln'],
    ['utf8', 'k\xc3\xb6ln', 'köln'],
    ['ISO-8859-1', 'k\xf6ln', 'köln'],
    ['iso-8859-1', '\xe9', 'é'],
    ['latin1', '\xe9', 'é'],
    // Control characters, and not the characters that Windows has there.
    ['ISO-8859-1', '\x80\x9f', '\u0080\u009f'],
    ['ISO-8859-9', '\x80\xfd', '\u0080ı'],
    ['ISO-8859-15', '\xa4', '€'],
    ['windows-1252', '\x80\xe9', '€é'],
    ['KOI8-R', '\xc1', 'а'],
    ['US-ASCII', 'koeln', 'koeln'],
  ];
  for (const [encoding, bytes, text] of rows) assert.equal(rest(declaring(encoding, bytes)), text, encoding);
});

test('UTF-16 is recognised by its byte order mark, or by its first characters; a mark overrides a declaration', () => {
  const text = '<?xml version="1.0" encoding="UTF-16"?>\n<k>köln</k>';
  const utf16 = (start: string) => Buffer.from(start + text, 'utf16le');
  for (const bytes of [utf16('\ufeff'), utf16('\ufeff').swap16(), utf16(''), utf16('').swap16()]) assert.equal(decoded(bytes), text);
  assert.equal(rest(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), declaring('ISO-8859-1', 'k\xc3\xb6ln')])), 'köln');
});

test('bytes invalid in the encoding are refused with their line', () => {
  const undeclared = 'convert the file, or declare its encoding in the first line, as <?xml version="1.0" encoding="ISO-8859-1"?>';
  const rows: readonly (readonly [bytes: Buffer, message: string])[] = [
    [Buffer.from('<k>\n<a>\n\n\xe9</a></k>', 'latin1'), `F:4: not UTF-8: ${undeclared}`],
    [declaring('UTF-8', '<k>\n\xe9</k>'), 'F:3: not UTF-8, which the file declares'],
    [declaring('US-ASCII', '<k>\xe9</k>'), 'F:2: not US-ASCII, which the file declares'],
    [Buffer.concat([Buffer.from('\ufeff<k>\n', 'utf16le'), Buffer.from([0x00, 0xd8, 0x3c, 0x00])]), `F:2: not UTF-16LE: ${undeclared}`],
    [declaring('UTF-16', '<k/>'), 'F:1: declares UTF-16, but is in another encoding'],
    [declaring('klingon', '<k/>'), 'F:1: the encoding klingon is unknown'],
    [Buffer.from([0xff, 0xfe, 0, 0, 0x3c, 0, 0, 0]), 'F:1: the encoding UTF-32 is unknown'],
  ];
  for (const [bytes, message] of rows) assert.equal(decoded(bytes), message);
});

function temporaryFile(t: TestContext, content: string | Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), 'chopchop-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'file.xml');
  writeFileSync(path, content);
  return path;
}

test('opensrf_core.xml is read in its declared encoding, passwords included', () => {
  assert.equal(readOpensrfCore(`${FIXTURES}latin1.xml`).clients[0]?.password, 'geéheim');
  const { clients, routers } = readOpensrfCore(`${FIXTURES}utf-16.xml`);
  assert.deepEqual([clients[0]?.domain, clients[0]?.password, routers.length], ['private.localhost', 'secret', 2]);
});

const LINES = (text: string) => `<opensrf>\n<default>\n${text}\n</default>\n${'<more/>\n'.repeat(15)}</opensrf>`;

for (const [what, text, problem] of [
  ['a bare & in text', LINES('<passwd>a&b</passwd>'), '3: a bare & is not allowed: write &amp;'],
  ['a bare & at the end of a text', LINES('<passwd>a&</passwd>'), '3: a bare & is not allowed: write &amp;'],
  ['a bare & before a semicolon', LINES('<passwd>a & b; c</passwd>'), '3: a bare & is not allowed: write &amp;'],
  ['a bare & in an attribute', LINES('<a b="c&d"/>'), '3: a bare & is not allowed: write &amp;'],
  ['an entity that is not declared', LINES('<a>\n&nosuch;</a>'), '4: undefined entity'],
  ['JSON', '\n{ "opensrf": {\n  "domain": "private.localhost"\n} }\n', '2: text before the root element: "{ "opensrf": {"'],
  ['text after the root element', `${LINES('')}\n\nmore\n`, '22: text after the root element: "more"'],
  ['an element that is not closed', LINES('<a>\n<b>x').split('</')[0] as string, '4: <b> is not closed'],
  ['an element that another one ends', LINES('<a>\n<b>x</a>'), '4: unexpected close tag: <b> of line 4 is open'],
  ['a tag that is not closed', LINES('<port 5222</port>'), '3: <port is not closed by >'],
  ['an end tag that is not closed', LINES('<port>5222</port'), '3: </port is not closed by >'],
  ['a value without its second quote', LINES('<a b="c>\n</a>'), '3: a value in <a> is not closed by "'],
  ['a comment without its end', LINES('<!-- <a/>'), '3: a comment is not closed by -->'],
  ['a CDATA section without its end', LINES('<a><![CDATA[x</a>'), '3: a CDATA section is not closed by ]]>'],
  ['an instruction without its end', LINES('<?pi x >'), '3: a processing instruction is not closed by ?>'],
  ['a document type without its end', '<!DOCTYPE opensrf [\n<!ENTITY a "x">\n<opensrf><default/></opensrf>', '1: the <!DOCTYPE is not closed'],
  ['a control character', LINES('<a>\u0001</a>'), '3: disallowed character'],
  ['a name that is none', LINES('<1a/>'), '3: disallowed character in tag name'],
  ['two values of one name', LINES('<a b="1" b="2"/>'), '3: duplicate attribute: b'],
  ['an entity that is not well-formed', `<!DOCTYPE opensrf [<!ENTITY a "<b>">]>\n${LINES('one\n&a;\nthree\nfour')}`, '5: in the entity &a;: unclosed tag: b'],
] as const) {
  test(`${what} is reported with its own line, in every file`, (t) => {
    const path = temporaryFile(t, text);
    const expected = `${path}:${problem}`;
    assert.throws(() => new SettingsFile(path), { name: 'SettingsError', message: expected });
    assert.throws(
      () => readOpensrfCore(path),
      (error: ConfigError) => error instanceof ConfigError && error.problems.map(formatProblem).join() === expected,
    );
  });
}

test('text that only looks like an error is accepted', () => {
  const text =
    '<!DOCTYPE k [<!-- ]> & --><!ENTITY a "]>&#38;#38;"><?x ]> ?>]>\n<!-- & <a> --><k v=">&amp;\'"><![CDATA[& <a> </k>]]><?pi & < ?>&a;&#38;&#x26;<b/></k>\n<!-- & -->\n<?x y?>\n';
  assert.equal(parseXml(text, 'F', null).children.filter(({ kind }) => kind === 'element')[0]?.name, 'k');
});

test("an element's line is that of its start tag", () => {
  const root = parseXml('<k>\n<a\n  b="1"\n  c="2">x</a>\n</k>', 'F', null).children[0];
  assert.deepEqual([root?.line, root?.children[0]?.line], [1, 2]);
});

test('entities are expanded within bounds in opensrf_core.xml too, and none reads another file', (t) => {
  const core = (doctype: string, password: string) =>
    `<!DOCTYPE config [${doctype}]>\n<config>\n<opensrf><domain>localhost</domain><username>a</username><passwd>${password}</passwd></opensrf>\n</config>`;
  assert.equal(readOpensrfCore(temporaryFile(t, core('<!ENTITY p "se&#38;#38;cret">', 'x&p;'))).clients[0]?.password, 'xse&cret');
  const other = temporaryFile(t, 'secret');
  const bomb = Array.from({ length: 12 }, (_, index) => `<!ENTITY e${index + 1} "${`&e${index};`.repeat(10)}">`).join('');
  for (const [doctype, password, problem] of [
    [`<!ENTITY p SYSTEM "${other}">`, '&p;', /:3: the entity &p; is in another file, .*, which is not read$/],
    ['<!ENTITY p SYSTEM "http://localhost/">', '&p;', /:3: the entity &p; is in another file/],
    ['<!ENTITY % p "x">', 'x', /:1: the parameter entity %p; is not supported/],
    [`<!ENTITY e0 "${'0123456789'.repeat(10_000)}">${bomb}`, '&e12;', /:3: the entities expand to more than 10000000 characters$/],
    [`<!ENTITY e0 "">${bomb}`, '&e12;', /:3: more than 10000 entities to expand$/],
    ['<!ENTITY p "&p;">', '&p;', /:3: the entity &p; contains itself$/],
  ] as const) {
    assert.throws(
      () => readOpensrfCore(temporaryFile(t, core(doctype, password))),
      (error: ConfigError) => problem.test(error.problems.map(formatProblem).join('\n')),
      doctype,
    );
  }
  // One that is not used reads nothing either.
  assert.equal(readOpensrfCore(temporaryFile(t, core(`<!ENTITY p SYSTEM "${other}">`, 'x'))).clients[0]?.password, 'x');
});
