import assert from 'node:assert/strict';
import { test } from 'node:test';
import { convert } from '../../server/settings/convert.ts';
import { Settings } from '../../server/settings/settings.ts';
import { select } from '../../server/settings/xpath/select.ts';
import { parseXml } from '../../server/xml/parse.ts';
import type { XmlNode } from '../../server/xml/xml-node.ts';

const XML = `<opensrf version="1" xmlns:x="urn:x">
  <default><dirs><log>/var/log</log></dirs><activeapps/><port unit="tcp">5222</port></default>
  <hosts>
    <one><activeapps><appname>a.b</appname></activeapps><x:odd>q</x:odd></one>
    <two><!-- c --><activeapps><appname>x</appname><appname>y</appname></activeapps><port>5223</port></two>
  </hosts>
</opensrf>`;

function rootOf(xml: string): XmlNode {
  return parseXml(xml, 'f', () => '').children[0] as XmlNode;
}

function settings(xml = XML): Settings {
  return new Settings(rootOf(xml));
}

test('an XPath expression selects by XPath 1.0, in document order', () => {
  const rows: readonly (readonly [xpath: string, json: string])[] = [
    ['/opensrf/default/dirs/log', '["/var/log"]'],
    ['//activeapps', '[{},{"appname":"a.b"},{"appname":["x","y"]}]'],
    ['/opensrf/@version', '[{}]'],
    ['/opensrf/nosuch', '[]'],
    ['default/port', '[5222]'],
    ['./default/port', '[5222]'],
    ['../opensrf/default/port', '[5222]'],
    ['//appname[1]', '["a.b","x"]'],
    ['(//appname)[1]', '["a.b"]'],
    ['//appname[last()]', '["a.b","y"]'],
    ['//appname[position() > 1]', '["y"]'],
    ["//appname[. = 'y']", '["y"]'],
    ['//appname[.=\'y\' or . = "x"]', '["x","y"]'],
    ["//appname[contains(., '.')]", '["a.b"]'],
    ["//appname[starts-with(.,'a')]/..", '[{"appname":"a.b"}]'],
    ['//port[@unit]', '[5222]'],
    ["//port[@unit='tcp']", '[5222]'],
    ['//port[not(@unit)]', '[5223]'],
    ['//port[. > 5222]', '[5223]'],
    ['//port[. != 5222 and 2 * 3 = 6]', '[5223]'],
    ['//*[count(appname) = 2]/appname[2]', '["y"]'],
    ['//two/port | //default/port', '[5222,5223]'],
    ['/opensrf/hosts/*/port', '[5223]'],
    ['//appname/ancestor::two/port', '[5223]'],
    ['//appname/following-sibling::*', '["y"]'],
    ['//appname/preceding-sibling::appname', '["x"]'],
    ['//one/following::port', '[5223]'],
    ['//two/preceding::port', '[5222]'],
    ['//two/descendant::appname', '["x","y"]'],
    ['//two/descendant-or-self::*/self::port', '[5223]'],
    ['//two/parent::hosts/child::one/attribute::*', '[]'],
    ['@*', '[{}]'],
    ['//x:odd', '["q"]'],
    ['//x:*', '["q"]'],
    ['//odd', '[]'],
    ['//text()', '[{},{},{},{},{},{},{}]'],
    ['//comment()', '[{}]'],
    ["//*[local-name() = 'odd' and name()='x:odd']", '["q"]'],
    ["//*[normalize-space(translate(., 'q', 'r')) = 'r']", '["q"]'],
    ['//port[string-length() = 4][2 - 1][substring(., 4) = "3"]', '[5223]'],
    ['//port[sum(//port) = 10445 and floor(1.5) = 1 and round(-0.5) = 0 and 5 mod 2 = 1 and 1 div 2 = .5]', '[5222,5223]'],
    ['/opensrf/default/port/node()', '[{}]'],
  ];
  for (const [xpath, json] of rows) assert.equal(JSON.stringify(settings().select(xpath)), json, xpath);
  assert.deepEqual(Object.keys((settings().select('/opensrf/hosts') as [object])[0]), ['one', 'two']);
});

test('an invalid expression, or one that does not select nodes, is reported', () => {
  const rows: readonly (readonly [xpath: string, problem: RegExp])[] = [
    ['', /unexpected end/],
    ['//', /unexpected end/],
    ['/opensrf/', /unexpected end/],
    ['//a[', /unexpected end/],
    ['//a]', /syntax error at "]"/],
    ['a b', /syntax error at "b"/],
    ['/opensrf/hosts/10.0.0.1', /syntax error at/],
    ['$a', /syntax error at "\$a"/],
    ['"abc', /syntax error at/],
    ['up::a', /unknown axis up::/],
    ['nosuch()', /unknown function nosuch\(\)/],
    ['count()', /wrong number of arguments for count\(\)/],
    ['y:a', /the prefix y is not declared/],
    ['count(//a)', /selects no nodes/],
    ['"text"', /selects no nodes/],
    ['count("x") | a', /./],
  ];
  for (const [xpath, problem] of rows) assert.throws(() => settings().select(xpath), problem, xpath);
});

const WIDE_XML = `<opensrf><default>${'<a><b/></a>'.repeat(3_000)}<long>${'y'.repeat(50_000)}</long></default></opensrf>`;
const WIDE = settings(WIDE_XML);

test('an answer may contain the whole file, and a selected part in full', () => {
  assert.equal(WIDE.select('//b').length, 3_000);
  assert.equal(WIDE.select('/opensrf').length, 1);
  assert.ok(WIDE.defaultConfig() !== undefined);
  assert.equal(WIDE.select('//a[b]').length, 3_000);
});

/** Each of them took seconds, or would take hours. */
const BOMBS: readonly string[] = [
  '//b[count(//b) = 3000]',
  '//b[//b != //b]',
  '//b[//b = //a]',
  '//b[//b < //a]',
  '//*[//*[//*[//*]]]',
  '//b[contains(string(/), "q")]',
  '//b[string-length(/) > 3]',
  '//b[translate(string(//long), "y", "z") = "q"]',
  '//b[normalize-space(//long) = "x"]',
  '//b[concat(//long, //long, //long) = "x"]',
  '//b[substring(//long, 2, 3) = "zzz"]',
  '//b[substring-after(//long, "x") = substring-before(//long, "x")]',
  '//b[sum(//b) > 1]',
  '//b[//long > 1]',
  '//*[following::*]',
  '//*[preceding::*]',
  '//b[following-sibling::*[preceding-sibling::*]] | //a[following-sibling::a]',
  '//*[count(//* | //*) > 3]',
  `//b[${Array(400).fill('0').join(' or ')}]`,
  `//b[${Array(30).fill('translate(').join('')}/*${Array(30).fill(', "a", "b")').join('')}]`,
  Array(300).fill('//b').join(' | '),
  '(//* | //*/.. | //*/* | //*/../* | //node() | //*/ancestor::* | //*/descendant::*)/descendant-or-self::*',
  '//*/descendant-or-self::node()/ancestor-or-self::node()/descendant::node()',
];

test('an expression that takes too much work of any kind is stopped', () => {
  for (const bomb of BOMBS) assert.throws(() => WIDE.select(bomb), /takes more than \d+ steps of work; select less at a time$/, bomb);
  // A name of a host is a part of an expression.
  assert.throws(() => WIDE.hostConfig('x/../../default//*|//*'), /steps of work/);
});

test('a stopped evaluation has taken a bounded number of steps', () => {
  const root = rootOf(WIDE_XML);
  for (const bomb of BOMBS) {
    let steps = 0;
    const spend = (more: number) => {
      if (steps > 400_000) throw new Error('given up');
      steps += more;
    };
    assert.throws(() => select(root, bomb, spend).map((node) => convert(node, spend)), /given up/, bomb);
    // The last step may visit the whole file.
    assert.ok(steps < 480_000, `${bomb}: ${steps}`);
  }
});

test('an expression that would take too much stack is refused', () => {
  const nested = (depth: number, open: string, close: string) => `${open.repeat(depth)}//a${close.repeat(depth)}`;
  assert.equal(settings().select(nested(60, '(', ')')).length, 0);
  assert.equal(settings().select(`//port[${'-'.repeat(900)}1 = 1]`).length, 2, 'signs are no levels');
  for (const deep of [nested(65, '(', ')'), nested(20_000, '(', ')'), nested(20_000, '//a[', ']'), `//a[${nested(100, 'not(', ')')}]`]) {
    assert.throws(() => settings().select(deep), /nested deeper than 64 levels|more than 1000 tokens/);
  }
  for (const long of [`//a[${Array(20_000).fill('1').join(' or ')}]`, `//a${'[1]'.repeat(20_000)}`, `${'-'.repeat(60_000)}//a`, `//a${'/..'.repeat(20_000)}`]) {
    assert.throws(
      () => settings().select(long),
      (error: Error) => /has more than 1000 tokens$/.test(error.message) && error.message.length < 400,
    );
  }
});

test('sets of nodes are compared by XPath 1.0: true if it is true for any pair', () => {
  const doc = settings('<opensrf><a>1</a><a>2</a><b>2</b><b>3</b><c>2</c><d>2</d><e>x</e></opensrf>');
  const rows: readonly (readonly [comparison: string, result: boolean])[] = [
    ['//a = //b', true],
    ['//a = //e', false],
    ['//a != //b', true],
    ['//c != //d', false],
    ['//c != //a', true],
    ['//c != //none', false],
    ['//none != //c', false],
    ['//none = //none', false],
    ['//a < //b', true],
    ['//b < //a', false],
    ['//b <= //a', true],
    ['//b > //a', true],
    ['//a > //b', false],
    ['//a >= //b', true],
    ['//e < //a', false],
    ['//e >= //e', false],
    ['//a = 2', true],
    ['3 > //b', true],
    ['//e = "x"', true],
    ['//a = true()', true],
    ['//none = false()', true],
  ];
  for (const [comparison, result] of rows) assert.equal(doc.select(`/opensrf[${comparison}]`).length === 1, result, comparison);
});
