import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { report } from '../server/cli/report.ts';
import { type ChopChopFixture, startChopChop } from '../server/index.ts';
import { Browser, hasChromium } from './support/browser.ts';
import { MAIN, run, temporaryFolder } from './support/command.ts';
import { startControlledServer, TOKEN } from './support/control.ts';
import { HANG_MS } from './support/processes.ts';

const HOSTILE = `</script><script>document.title = 'run'</script>]]><img src="x" onerror='document.title = "run"'>&lt;\u0000`;

/** A fixture with one good request, one of each kind of failure, and hostile texts everywhere. */
async function busyFixture(t: TestContext): Promise<ChopChopFixture> {
  const jabber = await startChopChop({ logProtect: ['secret'] });
  t.after(() => jabber.stop());
  await jabber.service('my.users', {
    find: (text: string) => ({ text }),
    fail(text: string) {
      throw new Error(text);
    },
    secret: (word: string) => word,
    never: () => new Promise(() => {}),
    unused: () => null,
  });
  const client = await jabber.connect();
  await client.request('my.users', 'find', HOSTILE);
  await client.request('my.users', 'fail', HOSTILE).catch(() => {});
  await client.request('my.users', 'secret', 'demo123');
  await client.request('my.users', HOSTILE).catch(() => {});
  await client.request('absent', 'find').catch(() => {});
  jabber.fault({ bounce: true, times: 1 });
  await client.request('my.users', 'find', 'bounced').catch(() => {});
  void client.request('my.users', 'never').catch(() => {});
  await jabber.waitForRequest({ method: 'never' });
  return jabber;
}

test('report writes everything since the start, the failures first, and replayable data beside it', async (t) => {
  const folder = temporaryFolder(t);
  const jabber = await busyFixture(t);
  await jabber.reset('log');
  const files = await jabber.report(join(folder, 'report.html'), { title: 'my test' });
  assert.deepEqual(files, { page: join(folder, 'report.html'), requests: join(folder, 'report.ndjson') });
  const page = readFileSync(files.page, 'utf8');
  assert.match(page, /my test · 7 requests, 5 failed or unanswered/);
  const sections = [...page.matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, title]) => title);
  assert.deepEqual(sections, ['Failed and unanswered requests', 'Stubs without a request', 'Server', 'Other requests']);
  assert.equal(page.split('<svg class="sequence"').length - 1, 7);
  assert.match(page, /Injected fault "bounce"\. /);
  assert.match(page, /my\.users unused/);
  const requests = readFileSync(files.requests, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    requests.map(({ state }) => state),
    ['complete', 'refused', 'complete', 'refused', 'refused', 'bounced', 'open'],
  );
  assert.equal(requests[0].params[0], HOSTILE);
  assert.doesNotMatch(page + readFileSync(files.requests, 'utf8'), /demo123/);
  assert.equal(statSync(files.page).mode & 0o077, 0, 'readable by its owner only');
  await using replaying = await startChopChop({ replay: files.requests });
  assert.deepEqual(await replaying.request('my.users', 'find', HOSTILE), { text: HOSTILE });
});

test('a report has no script and no link to another file, whatever the peers have sent', async (t) => {
  const jabber = await busyFixture(t);
  const { page: file } = await jabber.report(join(temporaryFolder(t), 'r.htm'));
  const page = readFileSync(file, 'utf8');
  const tags = new Set([...page.matchAll(/<([a-z0-9!]+)/gi)].map(([, name]) => name));
  const own =
    '!doctype html head meta title style body header h1 h2 h3 p main article section div span wbr pre ul li ol details summary svg defs marker path g line rect text circle';
  assert.deepEqual(
    [...tags].filter((name) => !own.split(' ').includes(name as string)),
    [],
  );
  const attributes = [...page.matchAll(/<[a-z][^<>]*>/gi)].flatMap(([tag]) =>
    [...tag.replace(/"[^"]*"/g, '""').matchAll(/ ([\w:-]+)=/g)].map(([, name]) => name as string),
  );
  assert.deepEqual(
    [...new Set(attributes)].filter((name) => /^on|^(?:src|href|style)$/.test(name)),
    [],
  );
  assert.equal(page.includes('\u0000'), false);
  assert.match(page, /<meta http-equiv="Content-Security-Policy" content="default-src &apos;none&apos;; style-src &apos;unsafe-inline&apos;">/);
});

test('a browser shows a report, and runs nothing of it', { skip: hasChromium ? false : 'no chromium' }, async (t) => {
  const jabber = await busyFixture(t);
  const { page: file } = await jabber.report(join(temporaryFolder(t), 'report.html'));
  const browser = await Browser.start();
  t.after(() => browser.close());
  const page = await browser.page();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(pathToFileURL(file).href);
  assert.match(await page.title(), /^7 requests, 5 failed or unanswered/);
  const shown = await page.locator('article .payload').first().innerText();
  assert.deepEqual(JSON.parse(shown), [HOSTILE]);
  assert.deepEqual(asked, [pathToFileURL(file).href]);
  assert.equal(await page.locator('article .sequence').first().isVisible(), true);
});

test('a report works after stop(), and refuses a file that it cannot write', async (t) => {
  const folder = temporaryFolder(t);
  const jabber = await startChopChop();
  await jabber.request('absent', 'x').catch(() => {});
  await jabber.stop();
  const { page } = await jabber.report(join(folder, 'report.html'));
  assert.match(readFileSync(page, 'utf8'), /1 requests, 1 failed/);
  await assert.rejects(jabber.report(join(folder, 'absent/report.html')), /cannot write .*absent\/report\.html/);
  await assert.rejects(jabber.report(''), TypeError);
  await assert.rejects(jabber.report('x', { titel: 'y' } as never), /"titel" is unknown; did you mean "title"\?/);
});

/** Runs a program to its end. */
function program(file: string, argument: string) {
  return spawnSync(process.execPath, [file, argument], { encoding: 'utf8', timeout: HANG_MS });
}

test('console: true opens the console, prints its address, and lets the process end', (t) => {
  const file = join(temporaryFolder(t), 'program.mjs');
  writeFileSync(
    file,
    `import { startChopChop } from '${new URL('../server/index.js', import.meta.url).href}';
    const jabber = await startChopChop({ console: true });
    const [, url, token] = /^(http:.*)\\/#token=(.*)$/.exec(jabber.consoleUrl);
    const page = await fetch(url);
    await jabber.request('absent', 'x').catch(() => {});
    const api = await fetch(url + '/api/v1/requests', { headers: { authorization: 'Bearer ' + token } });
    console.log(page.status, (await page.text()).includes('<title>opensrf-chopchop</title>'), (await api.json()).requests[0].outcome);
    if (process.argv[2] === 'stop') { await jabber.stop(); console.log(jabber.consoleUrl === '', await fetch(url).catch(() => 'closed')); }`,
  );
  const stopped = program(file, 'stop');
  assert.equal(stopped.stdout, '200 true refused\ntrue closed\n');
  assert.match(stopped.stderr, /^opensrf-chopchop: console: http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]+\n$/);
  assert.equal(program(file, '').status, 0, 'a forgotten fixture lets the process end');
});

test('exec --report writes a page of a failed command, and exec --console prints an address', (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'report.html');
  const ask = `${process.execPath} ${MAIN} request opensrf.absent x; exit 3`;
  const failed = run('exec', '--report', file, '--console', '0', '--', 'sh', '-c', ask);
  assert.equal(failed.code, 3);
  assert.match(failed.stderr, /^opensrf-chopchop: console: http:\/\/127\.0\.0\.1:\d+\/#token=/m);
  assert.match(failed.stderr, new RegExp(`^opensrf-chopchop: report: ${file}$`, 'm'));
  assert.match(readFileSync(file, 'utf8'), /sh -c .* ended with exit code 3 · 1 requests, 1 failed/);
  assert.match(readFileSync(join(folder, 'report.ndjson'), 'utf8'), /"service":"opensrf.absent"/);
  const refused = run('exec', '--report', join(folder, 'absent/report.html'), '--', 'true');
  assert.deepEqual([refused.code, /cannot write .*absent/.test(refused.stderr)], [4, true]);
});

test('the command report writes the latest requests of a running server', async (t) => {
  const folder = temporaryFolder(t);
  const { url } = await startControlledServer(t, {});
  const controlFile = join(folder, 'control.json');
  writeFileSync(controlFile, JSON.stringify({ pid: process.pid, version: '', url, socket: null, token: TOKEN, c2s: [] }));
  const lines: string[] = [];
  await report({ file: join(folder, 'report.html'), controlFile, config: null, host: null, port: null }, (line) => lines.push(line));
  assert.deepEqual(lines, [join(folder, 'report.html'), join(folder, 'report.ndjson')]);
  assert.match(readFileSync(join(folder, 'report.html'), 'utf8'), /0 requests, 0 failed or unanswered/);
});
