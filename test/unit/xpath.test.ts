import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Settings } from '../../server/settings/settings.ts';
import { parseXml } from '../../server/xml/parse.ts';
import type { XmlNode } from '../../server/xml/xml-node.ts';

const XML = `<opensrf version="1" xmlns:x="urn:x">
  <default><dirs><log>/var/log</log></dirs><activeapps/><port unit="tcp">5222</port></default>
  <hosts>
    <one><activeapps><appname>a.b</appname></activeapps><x:odd>q</x:odd></one>
    <two><!-- c --><activeapps><appname>x</appname><appname>y</appname></activeapps><port>5223</port></two>
  </hosts>
</opensrf>`;

function settings(xml = XML): Settings {
  return new Settings(parseXml(xml, 'f', () => '').children[0] as XmlNode);
}

test('an XPath expression selects what XPath 1.0 says, in document order', () => {
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

test('what is no expression, or selects no nodes, says so', () => {
  const rows: readonly (readonly [xpath: string, problem: RegExp])[] = [
    ['', /something is missing at its end/],
    ['//', /something is missing at its end/],
    ['/opensrf/', /something is missing at its end/],
    ['//a[', /something is missing at its end/],
    ['//a]', /not understood at "]"/],
    ['a b', /not understood at "b"/],
    ['/opensrf/hosts/10.0.0.1', /not understood at/],
    ['$a', /not understood at "\$a"/],
    ['"abc', /not understood at/],
    ['up::a', /there is no axis up::/],
    ['nosuch()', /there is no function nosuch\(\)/],
    ['count()', /wrong number of arguments for count\(\)/],
    ['y:a', /the prefix y is not declared/],
    ['count(//a)', /selects no nodes/],
    ['"text"', /selects no nodes/],
    ['count("x") | a', /./],
  ];
  for (const [xpath, problem] of rows) assert.throws(() => settings().select(xpath), problem, xpath);
});

test('an expression that looks at too many nodes is given up', () => {
  const wide = settings(`<opensrf>${'<a><b/></a>'.repeat(3_000)}</opensrf>`);
  assert.equal(wide.select('//b').length, 3_000);
  assert.throws(() => wide.select('//b[count(//b) = 3000]'), /looks at more than 2000000 nodes/);
});
