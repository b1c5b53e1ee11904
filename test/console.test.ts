import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import type { Page } from 'playwright-core';
import { startControl } from '../server/control/control.ts';
import type { TraceSummary } from '../server/control/trace/trace-entry.ts';
import type { ChopChopFixture as Fixture } from '../server/fixture/fixture.ts';
import { readRecording } from '../server/fixture/recording/recorded-exchange.ts';
import { readStubFolder } from '../server/fixture/stub-files/read.ts';
import { startChopChop } from '../server/index.ts';
import { SILENT_LOG } from '../server/kernel/log.ts';
import { OsrfClient } from '../server/osrf/client.ts';
import { OsrfService } from '../server/osrf/service.ts';
import { withSystemMethods } from '../server/osrf/system-methods.ts';
import { Command } from './support/background-command.ts';
import { Browser, CHROMIUM, hasChromium, type View } from './support/browser.ts';
import { temporaryFolder } from './support/command.ts';
import { type ControlledServer, LOGIN, posted, startControlledServer, startMath, TOKEN } from './support/control.ts';
import { ExampleSite } from './support/example-site.ts';
import { LocalClient } from './support/local-client.ts';
import { cRequest, requestBody, statusBody } from './support/osrf.ts';
import { Peer } from './support/peer.ts';
import { openPair, PeerServer } from './support/peer-server.ts';
import { RawProgram } from './support/raw-service.ts';
import { readStanza } from './support/reading.ts';

const skip = hasChromium ? false : `${CHROMIUM} is not installed`;
let browser: Browser;

before(async () => {
  if (hasChromium) browser = await Browser.start();
});
after(() => browser?.close());

/** The console of a server, in a page that records errors and requests to other servers. */
async function openConsole(t: TestContext, url: string, view?: View): Promise<{ page: Page; faults: string[] }> {
  const page = await browser.page(view);
  t.after(() => page.close());
  const faults: string[] = [];
  page.on('pageerror', ({ message }) => faults.push(message));
  page.on('request', (request) => {
    if (!/^(blob|about):/.test(request.url()) && !request.url().startsWith(url)) faults.push(`asked ${request.url()}`);
  });
  page.on('console', (message) => {
    if (/Content Security Policy|TrustedHTML/.test(message.text())) faults.push(message.text());
  });
  await open(page, `${url}/#token=${TOKEN}`);
  await live(page);
  return { page, faults };
}

/** Opens a page; tries again if the browser aborts because the machine's network changed, as in another test. */
async function open(page: Page, address: string): Promise<void> {
  try {
    await page.goto(address);
  } catch (error) {
    if (!(error as Error).message.includes('ERR_NETWORK_CHANGED')) throw error;
    await open(page, address);
  }
}

async function live(page: Page): Promise<void> {
  await page.waitForSelector('[data-state=live]');
}

async function show(page: Page, path: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(`#/${path}`)}`);
}

function call({ json }: ControlledServer, method: string, ...params: unknown[]) {
  return json('/api/v1/call', posted({ service: 'opensrf.math', method, params }));
}

/** Waits until the page shows a text, if only for a moment. */
function appears(page: Page, wanted: string): Promise<void> {
  return page.evaluate(`new Promise((resolve) => {
    const look = () => document.body.textContent.includes(${JSON.stringify(wanted)}) && resolve();
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
    look();
  })`);
}

/** Waits until something is true of the requests that the page knows. @param isTrue Runs in the page. */
function known(page: Page, isTrue: (requests: readonly TraceSummary[]) => boolean): Promise<void> {
  return page.evaluate(`import('/console/base/store.js').then(({ store, on }) => new Promise((resolve) => {
    const look = () => (${isTrue})([...store.requests.values()]) && resolve();
    on('requests', look);
    look();
  }))`);
}

const text = (page: Page, selector: string) => page.locator(selector).innerText();

test('connections: accounts, server, services; the details of a session; drain and close', { skip }, async (t) => {
  const started = await startControlledServer(t);
  const service = await startMath(t, started);
  await (await Peer.connect(t, started.address)).login('opensrf', 'private.localhost', 'alice');
  const { page, faults } = await openConsole(t, started.url);
  assert.ok(!page.url().includes(TOKEN), 'the address no longer contains the token');
  const card = page.locator('section[aria-label="opensrf.math"]');
  await card.getByText('1 listener').waitFor();
  await card.getByText('2 workers').waitFor();
  await page.locator('section[aria-label="opensrf@private.localhost"]').getByText('1 client').waitFor();
  assert.match(await text(page, '.server'), /private\.localhost\s+router@private\.localhost\/router\s+1 service/);
  await card.getByRole('button', { name: 'Names' }).click();
  await card.locator(`[data-jid="${service.listener.jid}"].session`).click();
  const panel = page.getByRole('complementary');
  await panel.getByText('listener of opensrf.math').waitFor();
  await panel.getByRole('button', { name: 'Drain' }).click();
  await card.getByText('1 draining').waitFor();
  await panel.getByRole('button', { name: 'Resume' }).click();
  await card.getByText('1 draining').waitFor({ state: 'detached' });
  await page.locator('[data-jid="opensrf@private.localhost/alice"]').click();
  await panel.getByRole('button', { name: 'Close session' }).click();
  await panel.getByRole('button', { name: 'Really close it?' }).click();
  await panel.getByText('closed', { exact: true }).waitFor();
  assert.deepEqual(faults, []);
});

test('connections: the picture animates messages and marks a stalled peer', { skip }, async (t) => {
  const started = await startControlledServer(t, { limits: { stalledAfterMs: 0, stalledBytes: 1 } });
  await startMath(t, started, 1);
  const deaf = await (await Peer.connect(t, started.address)).login('opensrf', 'private.localhost', 'deaf');
  const client = await OsrfClient.connect({ ...LOGIN, ...started.address, resource: 'alice' });
  t.after(() => client.close());
  const { page } = await openConsole(t, started.url);
  await page.locator('[data-jid="opensrf@private.localhost/alice"]').waitFor();
  const travelling = page.waitForSelector('.pulse', { state: 'attached' });
  for (let seen = false; !seen; ) {
    await client.request('opensrf.math', 'add', 1, 1);
    seen = await Promise.race([travelling.then(() => true), page.waitForTimeout(100).then(() => false)]);
  }
  deaf.stream.pause();
  const body = 'x'.repeat(1024 * 1024);
  for (let n = 0; n < 40; n++) client.jabber.send(readStanza(`<message to='opensrf@private.localhost/deaf'><body>${body}</body></message>`));
  await page.locator('section[aria-label="opensrf@private.localhost"]').getByText('1 stalled').waitFor();
});

test('request: participants, sequence, payloads, and the requests with the same transaction id', { skip }, async (t) => {
  const started = await startControlledServer(t);
  const site = await ExampleSite.start(started.address, { cstoreWorkers: 2 });
  t.after(() => site.stop());
  await site.round(4);
  const { page, faults } = await openConsole(t, started.url);
  await show(page, 'traffic');
  await page.getByRole('link', { name: 'open-ils.actor.user.fleshed.retrieve' }).click();
  await page.locator('.sequence .step').first().waitFor();
  const spans = await page.locator('.waterfall a').allInnerTexts();
  assert.deepEqual(
    spans.map((span) => span.split('\n')[0]?.trim()),
    ['open-ils.actor.user.fleshed.retrieve', 'open-ils.cstore.direct.actor.user.retrieve', 'open-ils.cstore.direct.actor.card.search'],
  );
  const people = await page.locator('.sequence .person-role').allTextContents();
  assert.deepEqual(people, ['client', 'router', 'listener', 'worker', 'router', 'listener', 'worker']);
  const way = await page.locator('.told li').allTextContents();
  assert.match(way[0] ?? '', /^0 ms: client gateway_1\S+ to router open-ils\.actor: open-ils\.actor\.user\.fleshed\.retrieve\(4\)$/);
  assert.match(way.at(-1) ?? '', /: worker drone_\S+ to client gateway_1/);
  const results = page.locator('section[aria-label="Results"]');
  assert.match(await results.innerText(), /"user": au \[\s+null,\s+4,/);
  await results.getByRole('searchbox').fill('Radia');
  await results.getByText('1 found').waitFor();
  await show(page, 'traffic');
  await page.getByRole('link', { name: 'open-ils.circ.checkout' }).click();
  await page.locator('.why').getByText('item 32048004 is marked lost').waitFor();
  assert.equal(await page.locator('.sequence .step.bad').count(), 1);
  assert.deepEqual(faults, []);
});

test('request: the demo’s third request shows the worker that answered, the fourth its error', { skip }, async (t) => {
  const started = await startControlledServer(t);
  const { page } = await openConsole(t, started.url);
  await show(page, 'request');
  const { code, stdout, stderr } = await new Command(t, 'demo', '--port', String(started.address.port)).outcome();
  assert.equal(code, 0, stderr);
  const [, worker] = /\n5 [\s\S]*?worker {3}(\S+) answers the client: 2\n/.exec(stdout) as RegExpExecArray;
  // The request on the page stays; the others come when asked for.
  const news = page.locator('.request-list .news');
  await known(page, (requests) => requests.some(({ statusCode }) => statusCode === 500));
  while (await news.isVisible()) await news.click();
  await page.locator('.request-list').getByText('failed 500').waitFor();
  const listed = page.locator('.request-list a');
  assert.deepEqual(
    (await listed.locator('.request-name').allInnerTexts()).reverse(),
    ['add', 'CONNECT', 'mult', 'add', 'div'].map((name) => `opensrf.math ${name}`),
  );
  await page.locator('.why').getByText('Illegal division by zero').waitFor();
  await listed.nth(1).click();
  await page
    .locator('.request-head dd')
    .getByText(worker as string)
    .waitFor();
});

test('traffic: filters, search in payloads, pause, copy as a command, export', { skip }, async (t) => {
  const started = await startControlledServer(t);
  await startMath(t, started, 1);
  await call(started, 'add', 2, 3);
  await call(started, 'echo', "it's");
  await call(started, 'fail');
  const { page, faults } = await openConsole(t, started.url);
  await show(page, 'traffic');
  const rows = page.locator('.traffic .seen tr');
  const hasRows = (count: number) => page.locator(`.traffic .seen tr:nth-child(${count}):last-child`).waitFor();
  await hasRows(3);
  await page.getByLabel('Outcome').selectOption('not ok');
  await hasRows(1);
  assert.match(page.url(), /#\/traffic\?outcome=not\+ok$/);
  const [failure] = await rows.all();
  assert.equal(await failure?.getByRole('link').getAttribute('title'), 'opensrf.math fail');
  assert.match((await failure?.innerText()) ?? '', /The service answered with status 500: \*\*\* Call to \[fail\] failed[\s\S]*failed 500/);
  await page.getByLabel('Outcome').selectOption('ok');
  await hasRows(2);
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await hasRows(3);
  await page.getByLabel('Search names, parameters and results').fill("it's");
  await hasRows(1);
  const copied = appears(page, 'Copied');
  await rows.first().getByRole('button', { name: 'Copy' }).click();
  await copied;
  assert.equal(
    await page.evaluate('navigator.clipboard.readText()'),
    `opensrf-chopchop request --port=${started.address.port} --domain=private.localhost -- opensrf.math echo '"it'\\''s"'`,
  );
  await page.getByLabel('Search names, parameters and results').fill('');
  await hasRows(3);
  await page.getByRole('button', { name: 'Pause' }).click();
  await call(started, 'add', 4, 5);
  await known(page, (requests) => requests.length === 4);
  assert.equal(await rows.count(), 3);
  await page.getByRole('button', { name: 'Resume' }).click();
  await hasRows(4);
  const exported = async (name: string) => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()]);
    const file = join(folder, download.suggestedFilename());
    await download.saveAs(file);
    return file;
  };
  const folder = temporaryFolder(t);
  const lines = readRecording(await exported('Export NDJSON'));
  assert.deepEqual(
    lines.map(({ method, params, results, statusCode }) => [method, params, results, statusCode]),
    [
      ['add', [2, 3], [5], 205],
      ['echo', ["it's"], ["it's"], 205],
      ['fail', [], [], 500],
      ['add', [4, 5], [9], 205],
    ],
  );
  const stubs = readFileSync(await exported('Export stubs'), 'utf8');
  const [service] = readStubFolder(folder);
  assert.deepEqual([service?.service, [...(service?.methods.keys() ?? [])]], ['opensrf.math', ['add', 'echo', 'fail']]);
  assert.match(stubs, /^service: "opensrf\.math"\nmethods:\n {2}"add":\n {4}- \{"params":\[2,3\],"result":5\}\n {4}- \{"params":\[4,5\],"result":9\}\n/);
  assert.match(stubs, /"fail":\n {4}- \{"params":\[\],"results":\[\],"status":500,"text":" \*\*\* Call to \[fail\] failed/);
  assert.deepEqual(faults, []);
});

test('health: plots, methods by latency, limits', { skip }, async (t) => {
  const started = await startControlledServer(t);
  await startMath(t, started, 1);
  await call(started, 'add', 2, 3);
  await call(started, 'fail');
  const { page, faults } = await openConsole(t, started.url);
  await show(page, 'health');
  await page.waitForSelector('.plot .series[d]', { state: 'attached' });
  assert.equal(await page.locator('.plot').count(), 10);
  await page.locator('figure[aria-label^="Sessions: 2"]').waitFor();
  const methods = page.locator('section[aria-label="Methods"] tbody tr');
  await methods.nth(1).waitFor();
  const named = async (row: number) => [
    await methods.nth(row).locator('td').first().getAttribute('title'),
    ...(await methods.nth(row).innerText()).split('\t').slice(1, 3),
  ];
  assert.deepEqual([await named(0), await named(1)].sort(), [
    ['opensrf.math add', '1', ''],
    ['opensrf.math fail', '1', '1'],
  ]);
  assert.match(await text(page, 'section[aria-label="Limits"] tbody'), /Outbox of one peer\s+0 B\s+0 B\s+64 MB\s+0 %/);
  assert.deepEqual(faults, []);
});

test('try: the form offers services and methods, shows the answer and leads to its sequence', { skip }, async (t) => {
  const started = await startControlledServer(t);
  const methods = withSystemMethods('opensrf.math', 'Math', { add: (a: number, b: number) => a + b });
  const service = await OsrfService.start({ ...LOGIN, ...started.address, service: 'opensrf.math', workers: 1, methods });
  t.after(() => service.stop());
  await service.listener.settled();
  const { page, faults } = await openConsole(t, started.url);
  await show(page, 'try');
  await page.locator('#try-methods option[value="add"]').waitFor({ state: 'attached' });
  assert.equal(await page.getByLabel('Service').inputValue(), 'opensrf.math', 'the only service is preselected');
  await page.getByLabel('Method').fill('add');
  await page.getByText('2 parameters').waitFor();
  await page.getByLabel('Parameters').fill('2\n{');
  await page.keyboard.press('Control+Enter');
  await page.getByText('Line 2 is not JSON').waitFor();
  await page.getByLabel('Parameters').fill('2\n40');
  await page.keyboard.press('Control+Enter');
  await page.locator('section[aria-label="Results"]').getByText('42').waitFor();
  await page.getByRole('button', { name: 'Show sequence' }).click();
  await page.locator('.sequence .step').first().waitFor();
  assert.match(await text(page, '.request-head'), /opensrf\.math add/);
  await show(page, 'try');
  await page.getByLabel('Service').fill('opensrf.none');
  await page.getByLabel('Method').fill('add');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('not registered').waitFor();
  assert.deepEqual(faults, []);
});

const HOSTILE = `<script>window.hacked = 1</script><img src=x onerror="window.hacked = 2"><svg onload="window.hacked = 3">javascript:window.hacked=4`;

test('all views show a hostile message as plain text: markup, scripts, strange names, 5 MB', { skip }, async (t) => {
  const started = await startControlledServer(t);
  const evil = started.server.login({ ...LOGIN, resource: `evil"><img src=x onerror=hacked=5>` });
  t.after(() => evil.close());
  await startMath(t, started, 1);
  await call(started, 'echo', HOSTILE);
  await call(started, HOSTILE, HOSTILE);
  await call(started, 'echo', { [HOSTILE]: [{ __c: HOSTILE, __p: [HOSTILE] }], constructor: 2 });
  const client = await OsrfClient.connect({ ...LOGIN, ...started.address, resource: 'large' });
  t.after(() => client.close());
  await client.request('opensrf.math', 'echo', `${HOSTILE}${'<b>x'.repeat(480 * 1024)}`);
  const { page, faults } = await openConsole(t, started.url);
  await show(page, 'traffic');
  const links = page.locator('.traffic .request-link');
  await links.nth(3).waitFor();
  const addresses = await links.evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''));
  let cut = 0;
  for (const address of addresses) {
    await show(page, address.slice(2));
    await page.locator(`[data-request="${address.split('/').at(-1)}"]`).waitFor();
    cut += await page.getByText('Truncated to the first 128 KB').count();
    assert.match(await text(page, 'section[aria-label="Parameters"] pre'), /<script>window\.hacked = 1<\/script><img src=x onerror=/);
  }
  assert.equal(cut, 2, 'parameters and results of the large request');
  await show(page, 'health');
  await page.getByText(HOSTILE).waitFor();
  await show(page, 'connections');
  await page.getByText('onerror=hacked=5').waitFor();
  assert.equal(await page.evaluate(`'hacked' in window`), false);
  assert.equal(await page.locator('main img, main script, main iframe').count(), 0);
  assert.deepEqual(faults, []);
});

test('the keyboard reaches everything', { skip }, async (t) => {
  const started = await startControlledServer(t);
  const service = await startMath(t, started);
  await call(started, 'add', 2, 3);
  await call(started, 'fail');
  const { page } = await openConsole(t, started.url);
  const focused = () => page.evaluate<string>(`document.activeElement?.textContent ?? ''`);
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'Skip to the content');
  await page.keyboard.press('Enter');
  await page.keyboard.press('/');
  await page.keyboard.type(service.listener.jid);
  await page.locator(`.session[data-jid="${service.listener.jid}"]`).waitFor();
  await page.keyboard.press('Tab');
  for (let n = 0; n < 5 && !(await focused()).startsWith('listener_at'); n++) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('complementary').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('complementary').waitFor({ state: 'detached' });
  await page.keyboard.press('3');
  const links = page.locator('.request-link');
  await links.nth(1).waitFor();
  // At once, from wherever the focus is: first the newest, then the one below.
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  assert.match(await focused(), /opensrf\.math add/);
  await page.keyboard.press('ArrowUp');
  assert.match(await focused(), /opensrf\.math fail/);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.locator('.request-head h2').getByText('add').waitFor();
  await page.keyboard.press('4');
  // The first sample arrives within a second.
  await page.locator('.plot[aria-label*=": "]').first().focus();
  await page.keyboard.press('ArrowLeft');
  assert.match((await page.locator('.plot').first().getAttribute('aria-label')) ?? '', / at \d\d:\d\d:\d\d$/);
});

test('five hundred workers stay readable: dots, names on demand, a search', { skip }, async (t) => {
  const started = await startControlledServer(t);
  const service = await startMath(t, started, 500);
  const { page, faults } = await openConsole(t, started.url);
  const card = page.locator('section[aria-label="opensrf.math"]');
  await card.getByText('500 workers').waitFor();
  assert.equal(await card.locator('.dot').count(), 240);
  assert.match(await card.innerText(), /and 261 more/);
  const box = await card.boundingBox();
  assert.ok(box !== null && box.height < 320, `${box?.height} pixels high`);
  await card.getByRole('button', { name: 'Names' }).click();
  await card.locator('.session').nth(499).waitFor();
  const last = service.workers.at(-1)?.jabber.jid as string;
  await page.getByLabel('Find a session').fill(last);
  await card.locator(`.session[data-jid="${last}"]`).waitFor();
  assert.equal(await card.locator('.session').count(), 1);
  assert.deepEqual(faults, []);
});

test('after a restart of the server the page reconnects, or asks for the new token', { skip }, async (t) => {
  const started = await startControlledServer(t);
  await startMath(t, started, 1);
  await call(started, 'add', 2, 3);
  const { page, faults } = await openConsole(t, started.url);
  await show(page, 'traffic');
  await page.locator('.request-link').waitFor();
  const port = Number(new URL(started.url).port);
  const place = { port, anyPort: false, socket: null };
  const lost = appears(page, 'The server does not answer');
  await started.control.stop();
  // At once: another program of this machine may be given a port that is free.
  const second = await startControl(started.server, place, TOKEN, started.log);
  await lost;
  await page.getByRole('alert').getByText('The server does not answer since ').waitFor();
  await live(page);
  await page.getByRole('alert').waitFor({ state: 'hidden' });
  await page.locator('.request-link').waitFor({ state: 'detached' });
  await second.stop();
  const third = await startControl(started.server, place, 'another-token-of-the-tests', started.log);
  t.after(() => third.stop());
  const field = page.getByLabel('The token is missing or out of date');
  await field.fill(`${started.url}/#token=another-token-of-the-tests`);
  await page.keyboard.press('Enter');
  await live(page);
  await field.waitFor({ state: 'detached' });
  assert.deepEqual(faults, []);
});

for (const file of ['views/traffic.js', 'main.js', 'style.css']) {
  test(`a page without ${file} shows an error, and reloads when the server answers`, { skip }, async (t) => {
    const started = await startControlledServer(t);
    const page = await browser.page();
    t.after(() => page.close());
    let away = true;
    await page.route(`**/console/${file}`, (route) => (away ? route.abort('internetdisconnected') : route.continue()));
    await page.route('**/healthz', (route) => (away ? route.abort('internetdisconnected') : route.continue()));
    await open(page, `${started.url}/#token=${TOKEN}`);
    await page.getByText('Failed to load a part of the console. Retrying…').waitFor();
    away = false;
    await page.locator('#state').getByText('live', { exact: true }).waitFor();
  });
}

const setVisibility = (page: Page, state: 'visible' | 'hidden') =>
  page.evaluate(
    `Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true }); document.dispatchEvent(new Event('visibilitychange'))`,
  );

test('a hidden page closes its connection, so that any number of tabs can be open, and catches up when visible', { skip }, async (t) => {
  const started = await startControlledServer(t);
  await startMath(t, started, 1);
  const hidden: Page[] = [];
  // A browser opens six connections to a server.
  for (let n = 0; n < 6; n++) {
    const { page } = await openConsole(t, started.url);
    await show(page, 'traffic');
    await setVisibility(page, 'hidden');
    await page.getByText('paused while the page is hidden').waitFor();
    hidden.push(page);
  }
  await call(started, 'add', 2, 3);
  const { page } = await openConsole(t, started.url);
  await show(page, 'traffic');
  await page.locator('.request-link').waitFor();
  const [first] = hidden as [Page];
  assert.equal(await first.locator('.request-link').count(), 0);
  await setVisibility(first, 'visible');
  await live(first);
  await first.locator('.request-link').waitFor();
});

test('a page that waits for a connection shows possible causes', { skip }, async (t) => {
  const started = await startControlledServer(t);
  const page = await browser.page();
  t.after(() => page.close());
  let letThrough = () => {};
  const through = new Promise<void>((resolve) => (letThrough = resolve));
  await page.route('**/api/v1/events*', async (route) => {
    await through;
    await route.continue();
  });
  await open(page, `${started.url}/#token=${TOKEN}`);
  await page.getByText('Still connecting: the server is busy, or the console is open in too many windows').waitFor();
  letThrough();
  await live(page);
});

test('a page shows that it is behind while its queries fail', { skip }, async (t) => {
  const started = await startControlledServer(t);
  const { page } = await openConsole(t, started.url);
  await page.route('**/api/v1/picture', (route) => route.abort('connectionfailed'));
  await page.getByText('Slow answers from the server: some data is out of date.').waitFor();
  await page.unroute('**/api/v1/picture');
  await live(page);
});

test('the page retries a request that it could not read, and its related requests', { skip }, async (t) => {
  const started = await startControlledServer(t);
  await startMath(t, started, 1);
  await call(started, 'add', 2, 3);
  const { page } = await openConsole(t, started.url);
  await page.route('**/api/v1/requests/*', (route) => route.abort('connectionfailed'));
  await show(page, 'request');
  await page.getByText('Slow answers from the server: some data is out of date.').waitFor();
  assert.equal(await page.locator('.sequence .step').count(), 0);
  await page.unroute('**/api/v1/requests/*');
  await page.locator('.sequence .step').first().waitFor();
  await live(page);
});

test('the list of requests prefers events to an older answer of the server', { skip }, async (t) => {
  const started = await startControlledServer(t);
  let answer = (_: string) => {};
  const answered = new Promise<string>((resolve) => (answer = resolve));
  const service = await OsrfService.start({
    ...LOGIN,
    ...started.address,
    service: 'opensrf.math',
    workers: 2,
    methods: { add: (a: number, b: number) => a + b, wait: () => answered },
  });
  t.after(() => service.stop());
  await service.listener.settled();
  const { page } = await openConsole(t, started.url);
  await call(started, 'add', 2, 3);
  const called = call(started, 'wait');
  await known(page, (requests) => requests.some(({ method, state }) => method === 'wait' && state === 'open'));
  let letThrough = () => {};
  const through = new Promise<void>((resolve) => (letThrough = resolve));
  let ask = () => {};
  const asked = new Promise<void>((resolve) => (ask = resolve));
  await page.route('**/api/v1/requests?*', async (route) => {
    const response = await route.fetch();
    ask();
    await through;
    await route.fulfill({ response });
  });
  await show(page, 'traffic?service=math');
  await asked;
  answer('done');
  await called;
  await known(page, (requests) => requests.some(({ method, state }) => method === 'wait' && state === 'complete'));
  letThrough();
  await page.locator('.traffic .seen tr').nth(1).waitFor();
  assert.deepEqual(await page.locator('.traffic .seen .badge').allInnerTexts(), ['ok', 'ok']);
});

test('the page shows its own errors', { skip }, async (t) => {
  const started = await startControlledServer(t);
  const { page } = await openConsole(t, started.url);
  await page.evaluate(`import('/console/base/store.js').then(({ on }) => on('health', () => { throw new Error('this was wrong'); }))`);
  await page.getByRole('alert').getByText('Internal error of the console (this was wrong). Reload the page: its data may be wrong.').waitFor();
  assert.equal(await page.locator('#state').innerText(), 'live', 'the connection stays');
});

/** A finding of axe-core. */
interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

test('no view has a serious accessibility problem, in light or dark, on a laptop or a phone', { skip }, async (t) => {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const started = await startControlledServer(t);
  const site = await ExampleSite.start(started.address, { cstoreWorkers: 2 });
  t.after(() => site.stop());
  await site.round(4);
  const [laptop, phone] = [
    { width: 1280, height: 800 },
    { width: 390, height: 844 },
  ];
  for (const view of [laptop, { ...laptop, dark: true }, { width: 1024, height: 768 }, phone, { ...phone, dark: true }]) {
    const { page } = await openConsole(t, started.url, view);
    await page.evaluate(axe);
    for (const [path, ready] of [
      [`connections/${encodeURIComponent(site.services[0]?.listener.jid ?? '')}`, '.panel .facts dd'],
      ['request', '.sequence .step'],
      ['traffic?outcome=not+ok', '.has-reason'],
      ['health', '.plot .series[d]'],
      ['try', '#try-services option'],
    ] as const) {
      await show(page, path);
      await page.waitForSelector(ready, { state: 'attached' });
      const violations = await page.evaluate<Violation[]>(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)`);
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      assert.deepEqual(
        serious.map(
          ({ id, nodes }) =>
            `${id}: ${nodes
              .map(({ html }) => html)
              .slice(0, 3)
              .join(' ')}`,
        ),
        [],
        `${path}, ${JSON.stringify(view)}`,
      );
    }
  }
});

test('what one reads stays: new requests are announced, and come when asked for', { skip }, async (t) => {
  const started = await startControlledServer(t);
  await startMath(t, started, 1);
  await call(started, 'add', 1, 1);
  const { page, faults } = await openConsole(t, started.url);
  await show(page, 'request');
  const shown = page.locator('.request-head');
  await shown.getByText('opensrf.math add').waitFor();
  const id = await shown.getAttribute('data-request');
  await call(started, 'fail');
  await call(started, 'echo', 'x');
  const news = page.locator('.request-list .news');
  await page.locator('.request-list .news', { hasText: '2 new' }).waitFor();
  assert.equal(await shown.getAttribute('data-request'), id);
  assert.equal(await page.locator('.request-list a').count(), 1);
  assert.match(await page.locator('.request-list a[aria-current=true]').innerText(), /opensrf\.math add/);
  await news.click();
  await shown.getByText('opensrf.math echo').waitFor();
  assert.equal(await page.locator('.request-list a').count(), 3);
  assert.equal(await news.isVisible(), false);
  await show(page, 'traffic');
  const rows = page.locator('.traffic .seen tr');
  await rows.nth(2).hover();
  await call(started, 'add', 2, 2);
  await page.locator('.head .news', { hasText: '1 new' }).waitFor();
  assert.equal(await rows.count(), 3);
  await page.locator('.head .news').click();
  await rows.nth(3).waitFor();
  assert.deepEqual(faults, []);
});

test('services and methods are tables that their heads sort', { skip }, async (t) => {
  const started = await startControlledServer(t);
  await startMath(t, started, 2);
  await call(started, 'add', 1, 1);
  await call(started, 'add', 1, 1);
  await call(started, 'fail');
  const { page, faults } = await openConsole(t, started.url);
  const services = page.locator('section[aria-label="Services"] tbody tr');
  await services.first().waitFor();
  assert.deepEqual((await services.first().innerText()).split('\t').slice(0, 5), ['opensrf.math', 'private.localhost', '1', '', '2']);
  await show(page, 'health');
  const methods = page.locator('section[aria-label="Methods"] tbody tr');
  const first = async () =>
    `${await methods.first().locator('td').first().getAttribute('title')}\t${(await methods.first().innerText()).split('\t').slice(1).join('\t')}`;
  await methods.nth(1).waitFor();
  assert.match(await first(), /^opensrf\.math add\t2/);
  await page.getByRole('button', { name: 'Failed', exact: true }).click();
  assert.match(await first(), /^opensrf\.math fail\t1\t1/);
  assert.equal(await page.locator('th[aria-sort]').innerText(), 'Failed');
  assert.deepEqual(faults, []);
});

test('traffic: five thousand rows, of which the document has those in sight; filters come back from address and browser', { skip }, async (t) => {
  const started = await startControlledServer(t);
  const client = await OsrfClient.connect({ ...LOGIN, ...started.address, resource: 'many' });
  t.after(() => client.close());
  await startMath(t, started, 4);
  const { page, faults } = await openConsole(t, started.url);
  await show(page, 'traffic');
  await page.getByText('No request has passed yet.').waitFor();
  for (let n = 0; n < 50; n++) {
    await Promise.all(Array.from({ length: 100 }, (_, one) => client.request('opensrf.math', one === 50 ? 'fail' : 'add', 1, 1).answer.catch(() => {})));
    // At most 2,000 a second: the trace observes all of them.
    await new Promise<void>((resolve) => started.server.clock.after(50, resolve));
  }
  await page.getByText('5,000 of the 5,000 latest requests').waitFor();
  const links = page.locator('.request-link');
  assert.ok((await links.count()) < 60, `${await links.count()} rows in the document`);
  const newest = await links.first().getAttribute('href');
  await page.keyboard.press('ArrowDown');
  for (let n = 0; n < 40; n++) await page.keyboard.press('ArrowDown');
  const id = Number(newest?.split('/').at(-1)) - 40;
  assert.equal(await page.evaluate('document.activeElement.getAttribute("href")'), `#/request/${id}`);
  await page.locator('.list').evaluate((list) => (list.scrollTop = list.scrollHeight));
  await page.locator(`a[href="#/request/${Number(newest?.split('/').at(-1)) - 4_999}"]`).waitFor();
  await page.getByLabel('Method').fill('fai');
  await page.getByText('50 of the 5,000 latest requests').waitFor();
  await show(page, 'health');
  await page.getByRole('link', { name: 'Traffic' }).click();
  await page.getByText('50 of the 5,000 latest requests').waitFor();
  assert.match(page.url(), /#\/traffic\?method=fai$/);
  await page.getByLabel('Method').fill('faiz');
  await page.getByText('No request matches these filters.').waitFor();
  await page.locator('.empty').getByRole('button', { name: 'Clear filters' }).click();
  await page.getByText('5,000 of the 5,000 latest requests').waitFor();
  assert.deepEqual(faults, []);
});

test('connections: 510 workers of thirty services in families, each a step away, at 100 requests/s; legend, addresses, a table that filters', {
  skip,
}, async (t) => {
  const started = await startControlledServer(t);
  const names = Array.from({ length: 30 }, (_, n) => `${n % 5 === 0 ? 'opensrf' : 'open-ils'}.service-${n}`);
  for (const service of names) {
    const running = await OsrfService.start({ ...LOGIN, ...started.address, service, workers: 17, methods: { add: (a: number, b: number) => a + b } });
    t.after(() => running.stop());
    await running.listener.settled();
  }
  const client = await OsrfClient.connect({ ...LOGIN, ...started.address, resource: 'busy' });
  t.after(() => client.close());
  let asked = 0;
  const timer = setInterval(() => void client.request(names[++asked % 30] as string, 'add', 1, 2).answer.catch(() => {}), 10);
  t.after(() => clearInterval(timer));
  for (const view of [
    { width: 1440, height: 900 },
    { width: 1024, height: 768, dark: true },
    { width: 390, height: 844 },
  ]) {
    const { page, faults } = await openConsole(t, started.url, view);
    const family = page.locator('section[aria-label="open-ils.*"]');
    await family.getByText('◆1 ●17').nth(23).waitFor();
    assert.equal(await page.locator('.group').count(), 3, 'two families, and the account of the client');
    assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, 'nothing is wider than the page');
    const box = await page.locator('.picture').boundingBox();
    assert.ok(box !== null && box.height < (view.width < 720 ? 1_400 : 720), `${view.width}: the picture is ${box?.height} pixels high`);
    await page.getByRole('list', { name: 'Legend' }).getByText('handed to a listener').waitFor();
    await page.locator('.addresses').getByText(`127.0.0.1:${started.address.port}`).waitFor();
    await family.getByRole('button', { name: 'service-29' }).click();
    await page.locator('section[aria-label="open-ils.service-29"]').getByText('17 workers').waitFor();
    assert.equal(await page.locator('section[aria-label^="open"].group').count(), 1);
    const rows = page.locator('section[aria-label="Services"] tbody tr');
    await page.getByLabel('Filter the services').fill('service-2');
    await page.getByText('11 of 30').waitFor();
    assert.equal(await rows.count(), 11);
    assert.deepEqual(faults, []);
  }
});

test('connections: the table counts busy, idle, stalled and draining; web gateways and unknown roles have their places', { skip }, async (t) => {
  const started = await startControlledServer(t);
  let answer = () => {};
  const waited = new Promise<void>((resolve) => (answer = resolve));
  const service = await OsrfService.start({ ...LOGIN, ...started.address, service: 'opensrf.math', workers: 3, methods: { wait: () => waited } });
  t.after(() => service.stop());
  await service.listener.settled();
  const { page } = await openConsole(t, started.url);
  await page.route('**/api/v1/picture', async (route) => {
    const response = await route.fetch();
    const { sessions, ...others } = (await response.json()) as { sessions: { jid: string; role: string }[] };
    const other = (jid: string, role: string) => ({ ...sessions[0], jid, role, account: 'osrf@public.localhost', services: [] });
    await route.fulfill({
      response,
      json: { sessions: [...sessions, other('osrf@public.localhost/web', 'gateway'), other('other.example', 'peer')], ...others },
    });
  });
  const cells = async () => (await page.locator('section[aria-label="Services"] tbody tr').innerText()).split('\t');
  const called = call(started, 'wait');
  for (;;) {
    const row = await cells().catch(() => []);
    if (row[3] === '1' && row[4] === '2' && row[10] === '1') break;
    await page.waitForTimeout(100);
  }
  await started.call('/api/v1/services/opensrf.math/drain', posted({}));
  while ((await cells())[13] !== '1') await page.waitForTimeout(100);
  await page.locator('section[aria-label="Web gateways: osrf@public.localhost"]').waitFor();
  await page.locator('.server').getByText('other.example').waitFor();
  answer();
  await called;
});

test('health: axes with units and times, a range to choose, and nothing wider than the page', { skip }, async (t) => {
  const started = await startControlledServer(t);
  await startMath(t, started, 1);
  await call(started, 'opensrf.math.a-method-with-a-very-long-name.that-no-column-of-a-small-page-has-room-for.retrieve.atomic');
  for (const width of [390, 1024, 1440]) {
    const { page, faults } = await openConsole(t, started.url, { width, height: 800 });
    await show(page, 'health');
    const requests = page.locator('.plot').first();
    await requests.locator('.series[d]').waitFor({ state: 'attached' });
    const heights = await requests.locator('.heights span').allInnerTexts();
    assert.match(heights.join(' '), /^\d+\/s [\d.]+\/s 0\/s$/);
    const times = await requests.locator('.times span').allInnerTexts();
    assert.ok(
      times.every((time) => /^\d\d:\d\d:\d\d$/.test(time)),
      times.join(),
    );
    await page.locator('section[aria-label="Methods"] tbody tr').first().waitFor();
    assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, `${width}: nothing is wider than the page`);
    const lines = await page.locator('section[aria-label="Methods"] tbody td').evaluateAll((cells) => cells.map((cell) => cell.getBoundingClientRect().height));
    assert.ok(Math.max(...lines) < 36, `${width}: no cell wraps, ${lines}`);
    const asked = page.waitForRequest('**/api/v1/health?range=start');
    await page.getByRole('button', { name: 'Since the start' }).click();
    await asked;
    await page.locator('[data-range=start][aria-pressed=true]').waitFor();
    await requests.locator('.series[d]').waitFor({ state: 'attached' });
    assert.deepEqual(faults, []);
  }
  assert.match(String((await started.json('/api/v1/health?range=1d'))['error']), /range: "1d" is not one of 5m, 1h, start, none/);
});

test('health: the peer servers, with their pairs, waiting stanzas and problems', { skip }, async (t) => {
  const [here, waiting] = [await PeerServer.listen(t), await PeerServer.listen(t)];
  const gone = await PeerServer.listen(t);
  gone.close();
  const peers = Object.entries({ 'private.a': here, 'waiting.a': waiting, 'gone.a': gone });
  const started = await startControlledServer(t, {
    domains: ['private.b'],
    limits: { peerNegotiationMs: 3_600_000, peerRetryMs: 3_600_000 },
    s2s: { port: 0, peers: peers.map(([domain, { port }]) => `${domain}=127.0.0.1:${port},auth=dialback`) },
  });
  const client = new LocalClient(started.server, 'private.b');
  for (const [domain] of peers) client.send(`x@${domain}/y`, 'hello');
  await (await here.acceptedPair()).message();
  await openPair(t, started.server, here, 'private.a', 'private.b');
  await client.message();
  for (const width of [390, 1024, 1440]) {
    const { page, faults } = await openConsole(t, started.url, { width, height: 800 });
    await show(page, 'health');
    const rows = page.locator('section[aria-label="Peer servers"] tbody tr');
    await rows.nth(2).waitFor();
    const cells = await rows.evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.getAttribute('title') ?? cell.textContent ?? '')));
    const [first, second, third] = cells.map((row) =>
      row
        .join('|')
        .replaceAll(/\d+ s\b/g, 'N s')
        .replaceAll(/:\d+/g, ':PORT'),
    );
    assert.equal(first, 'private.a|127.0.0.1:PORT|private.b|private.b|N s||||');
    assert.match(second ?? '', /^waiting\.a\|\|\|\|\|1\|\d+ B\|\|$/);
    assert.equal(third, 'gone.a|||||||1|N s ago: cannot connect to 127.0.0.1:PORT');
    assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, `${width}: nothing is wider than the page`);
    const heights = await rows.evaluateAll((all) => all.map((row) => row.getBoundingClientRect().height));
    assert.ok(Math.max(...heights) < 36, `${width}: no cell wraps, ${heights}`);
    assert.deepEqual(faults, []);
  }
});

test('health: without peer servers there is no table of them', { skip }, async (t) => {
  const started = await startControlledServer(t);
  const { page } = await openConsole(t, started.url);
  await show(page, 'health');
  await page.locator('section[aria-label="Limits"] tbody tr').first().waitFor();
  assert.equal(await page.locator('section[aria-label="Peer servers"]').isVisible(), false);
});

test('health: the other members of the cluster, with their state, sessions and queues', { skip }, async (t) => {
  const jabber = await startChopChop({ cluster: { members: 3 }, limits: { deadAfterMs: 3_600_000 } });
  t.after(() => jabber.stop());
  const [, second, third] = jabber.members;
  for (const resource of ['one', 'two']) await second?.connect({ resource });
  const { server } = jabber as unknown as Fixture;
  const control = await startControl(server, { port: 0, anyPort: false, socket: null }, TOKEN, SILENT_LOG);
  t.after(() => control.stop());
  third?.freeze(600_000);
  for (const width of [390, 1024, 1440]) {
    const { page, faults } = await openConsole(t, control.url as string, { width, height: 800 });
    await show(page, 'health');
    const section = page.locator('section[aria-label="Members"]');
    const rows = section.locator('tbody tr');
    await rows.getByText('suspect').waitFor();
    assert.equal(await section.locator('p').textContent(), 'This server is the member member-0 of the cluster fixture, connected to NATS.');
    const cells = await rows.evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent ?? '')));
    assert.match(cells[0]?.join('|') ?? '', /^member-1\|joined\|2\|[^|]*\|[^|]*\|\|[^|]*\|\|$/);
    assert.match(cells[1]?.join('|') ?? '', /^member-2\|suspect\|0\|[^|]*\|[^|]*\|\|[^|]*\|1\|$/);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, `${width}: nothing is wider than the page`);
    assert.deepEqual(faults, []);
  }
});

test('health: without a cluster there is no table of members', { skip }, async (t) => {
  const started = await startControlledServer(t);
  const { page } = await openConsole(t, started.url);
  await show(page, 'health');
  await page.locator('section[aria-label="Limits"] tbody tr').first().waitFor();
  assert.equal(await page.locator('section[aria-label="Members"]').isVisible(), false);
});

test('request: the IDL names the fields of Evergreen’s objects', { skip }, async (t) => {
  const idl = join(import.meta.dirname, '../../test/fixtures/fm_IDL.xml');
  const started = await startControlledServer(t, {}, 0, idl);
  await startMath(t, started, 1);
  await call(started, 'echo', { __c: 'au', __p: [null, 194, 'br1'] });
  const { page, faults } = await openConsole(t, started.url);
  await show(page, 'request');
  await page.locator('section[aria-label="Results"] .note').first().waitFor();
  assert.match(await text(page, 'section[aria-label="Results"] pre'), /^au \[\s+card: null,\s+id: 194,\s+usrname: "br1"\s+\]/);
  assert.deepEqual(faults, []);
});

test('request: one transaction over all services, its critical path, and exports', { skip }, async (t) => {
  const started = await startControlledServer(t);
  const site = await ExampleSite.start(started.address, { cstoreWorkers: 2 });
  t.after(() => site.stop());
  await site.round(4);
  const { page, faults } = await openConsole(t, started.url, { width: 1440, height: 900 });
  await show(page, 'traffic?method=fleshed');
  await page.locator('.request-link').waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.locator('.request-head').getByText('until the first sign of a worker').waitFor();
  assert.equal(await page.locator('.waterfall .span.critical').count(), 3, 'actor waited for both calls of cstore');
  const xid = page.locator('.request-head dd a[href*="xid:"]');
  const address = await xid.getAttribute('href');
  await xid.click();
  await page.locator('.request-head').getByText('fleshed.retrieve').waitFor();
  assert.equal(await page.locator('.waterfall a').count(), 3);
  const [box, room] = [await page.locator('.sequence').boundingBox(), await page.locator('section[aria-label="Sequence"]').boundingBox()];
  assert.ok((box?.width ?? 0) > (room?.width ?? 0) - 60, `${box?.width} of ${room?.width} pixels are used`);
  const exported = async (name: string) => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()]);
    const file = join(temporaryFolder(t), download.suggestedFilename());
    await download.saveAs(file);
    return readFileSync(file, 'utf8');
  };
  assert.match(await exported('Export as Mermaid text'), /^sequenceDiagram\n {2}participant p0 as client opensrf@private\.localhost\/gateway_1/);
  const drawing = await exported('Export as SVG');
  assert.match(drawing, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" class="sequence"[\s\S]*\.sequence/);
  assert.doesNotMatch(drawing, /var\(/);
  const phone = await openConsole(t, started.url, { width: 390, height: 844 });
  await show(phone.page, (address as string).slice(2));
  await phone.page.locator('.told li', { hasText: 'client gateway_1' }).first().waitFor();
  assert.equal(await phone.page.locator('.sequence').isVisible(), false);
  assert.equal(await phone.page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true);
  assert.deepEqual([...faults, ...phone.faults], []);
});

test('request: one without a transaction id hangs below the only one that its worker was busy with, as probable', { skip }, async (t) => {
  const started = await startControlledServer(t);
  const login = (resource: string) => RawProgram.login(t, started.address, resource);
  const [client, perl, inner] = [
    await login('client'),
    await RawProgram.listen(t, started.address, 'outer'),
    await RawProgram.listen(t, started.address, 'inner'),
  ];
  const ask = (program: RawProgram, service: string, method: string, xid: string) =>
    program.peer.send(cRequest(`router@private.localhost/${service}`, '', method, requestBody(method), xid));
  const answer = async (program: RawProgram, to: RawProgram, method: string) => {
    program.peer.send(cRequest(to.jid, '', method, statusBody('Request Complete', '205')));
    await to.peer.message();
  };
  for (const [method, clients] of Object.entries({ alone: ['x'], both: ['y', 'z'] })) {
    for (const xid of clients) {
      ask(client, 'outer', `${method}.${xid}`, xid);
      await perl.asked();
    }
    ask(perl, 'inner', `sub.${method}`, '');
    await inner.asked();
    await answer(inner, perl, `sub.${method}`);
    for (const xid of clients) await answer(perl, client, `${method}.${xid}`);
  }
  const { page, faults } = await openConsole(t, started.url);
  const traceOf = async (method: string) => {
    await show(page, 'traffic');
    await page.getByRole('link', { name: method }).click();
    await page.locator('.request-head').getByText(method).first().waitFor();
    return (await page.locator('.waterfall .span-name').allInnerTexts()).map((name) => name.replace(/\s+/g, ' ').trim());
  };
  const trace = ['outer alone.x', 'inner sub.alone probable'];
  assert.deepEqual(await traceOf('alone.x'), trace);
  assert.equal(await page.locator('.waterfall .badge.warn').innerText(), 'probable');
  assert.deepEqual(await traceOf('sub.alone'), trace, 'from the inner one too');
  assert.deepEqual(await traceOf('both.y'), [], 'its worker was busy with two: no guess');
  assert.deepEqual(await traceOf('sub.both'), []);
  assert.deepEqual(faults, []);
});

test('on a link of 300 ms, with a hundred requests a second, the first request appears and stays, and a click is obeyed', { skip }, async (t) => {
  const started = await startControlledServer(t);
  await startMath(t, started, 4);
  const client = await OsrfClient.connect({ ...LOGIN, ...started.address, resource: 'busy' });
  t.after(() => client.close());
  const timer = setInterval(() => void client.request('opensrf.math', 'add', 1, 2).answer.catch(() => {}), 10);
  t.after(() => clearInterval(timer));
  const { page, faults } = await openConsole(t, started.url);
  const link = await page.context().newCDPSession(page);
  await link.send('Network.emulateNetworkConditions', { offline: false, latency: 300, downloadThroughput: 200_000, uploadThroughput: 50_000 });
  await show(page, 'request');
  const head = page.locator('.request-head');
  await head.waitFor();
  const id = await head.getAttribute('data-request');
  await page.locator('.request-list .news', { hasText: /^\d{3,} new$/ }).waitFor();
  assert.equal(await head.getAttribute('data-request'), id);
  await page.locator('.request-list a').nth(3).click();
  await page.locator(`.request-head:not([data-request="${id}"])`).waitFor();
  await show(page, 'traffic');
  await page.locator('.request-link').first().waitFor();
  await page.keyboard.press('ArrowDown');
  const reached = await page.evaluate<string>('document.activeElement.getAttribute("href")');
  await page.locator('.head .news').waitFor();
  assert.equal(await page.evaluate('document.activeElement.getAttribute("href")'), reached, 'the list does not move under the focus');
  await page.keyboard.press('Enter');
  await page.locator(`[data-request="${reached.split('/').at(-1)}"]`).waitFor();
  assert.deepEqual(faults, []);
});
