import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { Forwarded } from '../../server/web/forwarded.ts';
import { type AllowedOrigins, mayConnect } from '../../server/web/origins.ts';

type Headers = Readonly<Record<string, string>>;

/** A request that came from one address to another. */
function request(headers: Headers, remoteAddress = '127.0.0.1', localAddress = '127.0.0.1'): IncomingMessage {
  return { headers, socket: { remoteAddress, localAddress }, connection: { remoteAddress } } as unknown as IncomingMessage;
}

const DOMAINS = ['osrf.example'];
const NO_LIST: AllowedOrigins = { origins: [], crossOrigins: [], domains: DOMAINS };
const GOOD = ['http://localhost', 'https://LOCALHOST:8080', 'http://a.localhost', 'http://127.0.0.1:3000', 'http://[::1]', 'https://osrf.example'];
const BAD = ['', 'null', 'http://evil.example', 'http://localhost.evil.example', 'http://127.0.0.1.evil.example', 'file://', 'http://128.0.0.1'];

const may = (origin: string, allowed: AllowedOrigins, headers: Headers = {}, local = '127.0.0.1') =>
  mayConnect({ message: request({ ...headers, origin }, '127.0.0.1', local) }, allowed);

test('without a list pages of this machine and of the served domains may connect, and programs, which send no Origin', () => {
  assert.equal(mayConnect({ message: request({}) }, NO_LIST), true);
  for (const origin of GOOD) assert.equal(may(origin, NO_LIST), true, origin);
  for (const origin of BAD) assert.equal(may(origin, NO_LIST), false, origin);
});

test('with a list its pages may connect, with * all pages', () => {
  for (const origin of [...GOOD, ...BAD]) assert.equal(may(origin, { origins: ['*'], crossOrigins: [], domains: [] }), true, origin);
  const listed = { origins: ['https://good.example'], crossOrigins: [], domains: DOMAINS };
  assert.equal(may('https://good.example', listed), true);
  assert.equal(may('https://good.example:8443', listed), false);
  assert.equal(may('http://localhost', listed), false);
});

test('<cross_origin> names hosts of either scheme', () => {
  const listed = { origins: [], crossOrigins: ['good.example:8443'], domains: [] };
  assert.equal(may('https://good.example:8443', listed), true);
  assert.equal(may('http://good.example:8443', listed), true);
  assert.equal(may('https://good.example', listed), false);
  assert.equal(may('https://notgood.example:8443', listed), false);
});

test('a page of the requested host may connect, but not by a foreign name for 127.0.0.1 without a proxy', () => {
  const host = { host: 'library.example:7682' };
  assert.equal(may('https://library.example', NO_LIST, host, '192.0.2.1'), true);
  assert.equal(may('https://evil.example', NO_LIST, host, '192.0.2.1'), false);
  assert.equal(may('https://library.example', NO_LIST, host), false, 'DNS rebinding');
  assert.equal(may('https://library.example', NO_LIST, { ...host, 'x-forwarded-for': '192.0.2.7' }), true);
  const apache = { host: 'localhost:7682', 'x-forwarded-for': '192.0.2.7', 'x-forwarded-host': 'library.example' };
  assert.equal(may('https://library.example', NO_LIST, apache), true);
  assert.equal(may('https://evil.example', NO_LIST, apache), false);
});

const senderOf = (proxies: readonly string[], headers: Headers, remote = '127.0.0.1') => new Forwarded(proxies).sender(request(headers, remote));

test('the headers of an untrusted proxy do not count', () => {
  assert.deepEqual(senderOf([], { 'x-forwarded-for': '192.0.2.7', 'x-forwarded-proto': 'https' }), { address: '127.0.0.1', secure: false });
  assert.equal(senderOf(['10.0.0.1'], { forwarded: 'for=192.0.2.7' }).address, '127.0.0.1');
});

test("the address of a client is the nearest that is not a trusted proxy's", () => {
  assert.deepEqual(senderOf(['loopback'], { 'x-forwarded-for': '198.51.100.1, 192.0.2.7', 'x-forwarded-proto': 'https' }), {
    address: '192.0.2.7',
    secure: true,
  });
  assert.equal(senderOf(['loopback', '192.0.2.0/24'], { 'x-forwarded-for': '198.51.100.1, 192.0.2.7' }).address, '198.51.100.1');
  for (const [forwarded, address] of [
    ['for=192.0.2.7;proto=https', '192.0.2.7'],
    ['for=198.51.100.1, for="192.0.2.7:4711"', '192.0.2.7'],
    ['for="[2001:db8::7]:80"', '2001:db8::7'],
    ['for=_hidden', '127.0.0.1'],
    ['for=198.51.100.1, for=unknown', '127.0.0.1'],
    ['', '127.0.0.1'],
  ] as const) {
    assert.equal(senderOf(['loopback'], { forwarded }).address, address, forwarded);
  }
});
