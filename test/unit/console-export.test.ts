import assert from 'node:assert/strict';
import { test } from 'node:test';

const { asCommand, asMermaid } = (await import('../../server/console/page/base/export.js' as string)) as {
  asMermaid(participants: readonly { jid: string; role: string }[], steps: readonly { from: string; to: string; label: string; failed: boolean }[]): string;
  asCommand(summary: object, detail: object, c2s: readonly { host: string; port: number }[]): string;
};

const SUMMARY = { service: 'opensrf.math', method: 'add', client: 'opensrf@private.localhost/c', type: 'REQUEST' };
const params = (json: string) => ({ params: { json, length: json.length, redacted: false } });

test('a copied command names the port and the domain, and quotes for a shell', () => {
  const command = asCommand(SUMMARY, params(`["it's",2]`), [{ host: '127.0.0.1', port: 5333 }]);
  assert.equal(command, `opensrf-chopchop request --port=5333 --domain=private.localhost -- opensrf.math add '"it'\\''s"' 2`);
  assert.match(asCommand(SUMMARY, params('[]'), [{ host: '192.0.2.7', port: 5222 }]), / --host=192\.0\.2\.7 --port=5222 /);
});

test('nothing that a peer names is an option of a copied command, or another command of the shell', () => {
  const hostile = { ...SUMMARY, service: '--password=x', method: '--host=evil; rm -rf ~\n$(id)', client: 'a@--host=evil/c' };
  const command = asCommand(hostile, params('["--host=evil"]'), []);
  assert.equal(command, `opensrf-chopchop request --domain=--host=evil -- --password=x '--host=evil; rm -rf ~\n$(id)' '"--host=evil"'`);
});

test('a sequence diagram is text for Mermaid, in which a message adds neither lines nor markup', () => {
  const people = [
    { jid: 'a@x/1', role: 'client' },
    { jid: 'router@x/math', role: 'router' },
  ];
  const text = asMermaid(people, [
    { from: 'a@x/1', to: 'router@x/math', label: 'add("<b>;#\nend")', failed: false },
    { from: 'router@x/math', to: 'a@x/1', label: '404', failed: true },
  ]);
  assert.equal(
    text,
    'sequenceDiagram\n  participant p0 as client a@x/1\n  participant p1 as router router@x/math\n  p0->>p1: add("#60;b#62;#59;#35; end")\n  p1-xp0: 404\n',
  );
});
