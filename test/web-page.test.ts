import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Browser, CHROMIUM, hasChromium } from './support/browser.ts';
import { servePage } from './support/opensrf-page.ts';
import { MATH, startWeb, webUrl } from './support/web-fixture.ts';

const skip = hasChromium ? false : `${CHROMIUM} is not there`;
const TABS = 5;
const SOCKETS = 40;

test('a page in Chromium reaches services by WebSocket and XHR, in five tabs with forty sockets each, and again after a restart', { skip }, async (t) => {
  const jabber = await startWeb(t, { web: { ports: [0], origins: ['*'] } });
  const browser = await Browser.start();
  t.after(() => browser.close());
  const url = await servePage(t);
  const page = await browser.page();
  await page.goto(url);
  const ws = `${webUrl(jabber).replace('http', 'ws')}osrf-websocket-translator`;
  const open = (socket = ws) => `const socket = new Socket(${JSON.stringify(socket)}); const session = new Session(socket, '${MATH}');`;
  const run = (code: string) => page.evaluate(`(async () => { ${code} })()`);

  await t.test('stateless, streamed, chunked', async () => {
    assert.deepEqual(await run(`${open()} return session.request('add', 2, 2);`), [4]);
    assert.deepEqual(await run(`${open()} return session.request('split', 'a b c');`), ['a', 'b', 'c']);
    assert.deepEqual(await run(`${open()} return (await session.request('echo', 'ü'.repeat(200000))).map((text) => text.length);`), [200_000]);
  });
  await t.test('connected', async () => {
    assert.deepEqual(
      await run(
        `${open()} await session.connect(); const results = [await session.request('add', 1, 1), await session.request('add', 2, 1)]; session.disconnect(); return results;`,
      ),
      [[2], [3]],
    );
  });
  await t.test('errors', async () => {
    assert.match(String(await run(`${open()} return session.request('nosuch').catch(String);`)), /404/);
    assert.match(
      String(await run(`const session = new Session(new Socket(${JSON.stringify(ws)}), 'absent'); return session.request('x').catch(String);`)),
      /transport error/,
    );
  });
  await t.test('XHR', async () => {
    const xhr = `const session = new XhrSession(${JSON.stringify(webUrl(jabber, '/osrf-http-translator'))}, '${MATH}');`;
    const code = `${xhr} await session.say('CONNECT', 0, 'null'); const answer = await session.say('REQUEST', 1, call('add', [2, 3])); await session.say('DISCONNECT', 2, 'null'); return answer[0].__p.payload.__p.content;`;
    assert.equal(await run(code), 5);
  });
  await t.test('many sockets', async () => {
    const pages = await Promise.all(Array.from({ length: TABS }, () => browser.page()));
    const many = `const sums = await Promise.all(Array.from({ length: ${SOCKETS} }, (_, number) => new Session(new Socket(${JSON.stringify(ws)}), '${MATH}').request('add', number, 1))); return sums.flat().reduce((a, b) => a + b);`;
    const sums = await Promise.all(
      pages.map(async (tab) => {
        await tab.goto(url);
        return tab.evaluate(`(async () => { ${many} })()`);
      }),
    );
    assert.deepEqual(sums, Array(TABS).fill((SOCKETS * (SOCKETS + 1)) / 2));
  });
  await t.test('reconnect', async () => {
    await page.evaluate(
      `(async () => { globalThis.kept = new Socket(${JSON.stringify(ws)}); await new Session(kept, '${MATH}').request('add', 1, 1); globalThis.closed = new Promise((resolve) => (kept.onclose = resolve)); })()`,
    );
    const { port } = jabber.listening.web[0] as { port: number };
    await jabber.stop();
    await page.evaluate('closed');
    await startWeb(t, { web: { ports: [port], origins: ['*'] } });
    assert.deepEqual(await page.evaluate(`new Session(kept, '${MATH}').request('add', 2, 2)`), [4]);
  });
});
