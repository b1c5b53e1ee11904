import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ConfigInput } from '../../server/config/config.ts';
import { Program } from '../support/background-command.ts';
import { temporaryFolder } from '../support/command.ts';
import { attribute } from '../support/osrf.ts';
import { Peer } from '../support/peer.ts';
import { HANG_MS, orHangs } from '../support/processes.ts';
import { startServer, type TestServer } from '../support/server.ts';

// Foreign clients over every transport and login that they support. Each sends, receives, gets a bounce, and reconnects after a restart of the server.
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const CLIENTS = `${ROOT}test/interop/clients/`;

const DOMAIN = 'localhost';
const ECHO = `opensrf@${DOMAIN}/echo`;
const ABSENT = `opensrf@${DOMAIN}/absent`;
const CLIENT = `opensrf@${DOMAIN}/client`;
const TLS = { certificate: 'self-signed', ports: [0] } as const;

/** A program that prints its actions. */
type Talker = Pick<Program, 'printed'>;

const missing = (probe: readonly [string, ...string[]], packageName: string): string | false =>
  spawnSync(probe[0], probe.slice(1), { stdio: 'ignore' }).status === 0 ? false : `${packageName} is not installed`;
const missingModule = (name: string): string | false => !existsSync(`${ROOT}node_modules/${name}`) && `${name} (npm) is not installed`;

function start(t: TestContext, input: ConfigInput): Promise<TestServer> {
  return startServer(t, { domains: [DOMAIN], tls: TLS, websocket: { ports: [0], tlsPorts: [0] }, ...input });
}

/** The same, on the same ports. */
function startAgain(t: TestContext, { c2s, tls, websocket }: TestServer['server']['listening']): Promise<TestServer> {
  const ports = (addresses: readonly { port: number }[]) => addresses.map(({ port }) => port);
  const [plain = 0, secure = 0] = ports(websocket);
  return start(t, { port: ports(c2s)[0] ?? 0, tls: { ...TLS, ports: ports(tls) }, websocket: { ports: [plain], tlsPorts: [secure] } });
}

async function echoFor(t: TestContext, { address }: TestServer): Promise<Peer> {
  return (await Peer.connect(t, address)).login('opensrf', DOMAIN, 'echo');
}

/** Waits until the server has this many sessions. */
async function sessions({ server }: TestServer, enough: (count: number) => boolean): Promise<void> {
  const counted = async () => {
    while (!enough(server.sessionCount)) await delay(20);
  };
  await orHangs(counted(), () => `other sessions than the ${server.sessionCount} that there are`);
}

/** The whole conversation. @param begin Starts the client. */
async function converse(t: TestContext, begin: (listening: TestServer['server']['listening']) => Talker | Promise<Talker>): Promise<Talker> {
  const first = await start(t, {});
  const { listening } = first.server;
  const echo = await echoFor(t, first);
  const client = await begin(listening);
  await client.printed(`online as ${CLIENT}, 1\n`);
  const heard = await echo.message();
  assert.equal(attribute(heard, 'from'), CLIENT);
  echo.send(`<message to='${CLIENT}' type='chat'><body>echo of ${/<body[^>]*>(.*)<\/body>/s.exec(heard)?.[1]}</body></message>`);
  await client.printed(`chat from ${ECHO}: echo of grüße & <b>\n`);
  await client.printed(`error from ${ABSENT}: service-unavailable\n`);
  await first.server.stop();
  const second = await startAgain(t, listening);
  await client.printed(`online as ${CLIENT}, 2\n`);
  (await echoFor(t, second)).send(`<message to='${CLIENT}' type='chat'><body>stop</body></message>`);
  return client;
}

async function converseWith(t: TestContext, begin: (listening: TestServer['server']['listening']) => Program): Promise<string> {
  const program = (await converse(t, begin)) as Program;
  const { code, stdout, stderr } = await program.outcome();
  assert.equal(code, 0, stderr);
  return stdout;
}

const NO_XMPP_JS = missingModule('@xmpp/client');
for (const [scheme, name] of [
  ['xmpp', 'STARTTLS'],
  ['xmpps', 'TLS'],
  ['ws', 'WebSocket'],
  ['wss', 'WebSocket over TLS'],
] as const) {
  for (const mechanism of ['SCRAM-SHA-1', 'PLAIN']) {
    test(`@xmpp/client, ${name}, ${mechanism}`, { skip: NO_XMPP_JS }, async (t) => {
      await converseWith(t, ({ c2s, tls, websocket }) => {
        const service = { xmpp: `xmpp://127.0.0.1:${c2s[0]?.port}`, xmpps: `xmpps://127.0.0.1:${tls[0]?.port}`, ws: websocket[0]?.url, wss: websocket[1]?.url }[
          scheme
        ];
        return new Program(t, process.execPath, ['--experimental-websocket', `${CLIENTS}xmpp-js-client.js`, service ?? '', DOMAIN, ECHO, ABSENT, mechanism]);
      });
    });
  }
}

const NO_STROPHE = missingModule('strophe.js');
const STROPHE_MECHANISMS = ['SASLSHA256', 'SASLSHA1', 'SASLPlain'];
for (const mechanism of STROPHE_MECHANISMS) {
  test(`strophe.js, WebSocket, ${mechanism}`, { skip: NO_STROPHE }, async (t) => {
    await converseWith(
      t,
      ({ websocket }) => new Program(t, process.execPath, [`${CLIENTS}strophe-client.js`, websocket[0]?.url ?? '', DOMAIN, ECHO, ABSENT, mechanism]),
    );
  });
}

const NO_STANZA = missingModule('stanza');
const STANZA_MECHANISMS = ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN'];
for (const mechanism of STANZA_MECHANISMS) {
  test(`stanza, WebSocket, ${mechanism}`, { skip: NO_STANZA }, async (t) => {
    await converseWith(
      t,
      ({ websocket }) => new Program(t, process.execPath, [`${CLIENTS}stanza-client.js`, websocket[0]?.url ?? '', DOMAIN, ECHO, ABSENT, mechanism]),
    );
  });
}

const CHROMIUM = '/usr/bin/chromium';
const NO_BROWSER = existsSync(CHROMIUM) ? missingModule('playwright-core') || missingModule('esbuild') : 'chromium (Debian) is not installed';

/** A page of this machine with one script. @returns its output. */
async function openPage(t: TestContext, script: string, parameters: readonly string[]): Promise<Talker> {
  const [{ build }, { chromium }] = await Promise.all([import('esbuild'), import('playwright-core')]);
  const { outputFiles } = await build({
    entryPoints: [`${CLIENTS}${script}`],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    define: { global: 'globalThis' },
  });
  const page = createServer((_request, response) => response.setHeader('Content-Type', 'text/html; charset=utf-8').end('<!doctype html><title>page</title>'));
  await new Promise<void>((resolve) => void page.listen(0, '127.0.0.1', resolve));
  t.after(() => void page.close());
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'], timeout: HANG_MS });
  t.after(() => browser.close());
  const tab = await browser.newPage();
  tab.setDefaultTimeout(HANG_MS);
  let printed = '';
  let wake = () => {};
  await tab.exposeFunction('print', (line: string) => {
    printed += `${line}\n`;
    wake();
  });
  await tab.exposeFunction('done', () => {});
  await tab.goto(`http://127.0.0.1:${(page.address() as { port: number }).port}/`);
  await tab.evaluate((values) => Object.assign(globalThis, { parameters: values }), parameters);
  await tab.addScriptTag({ content: outputFiles[0]?.text ?? '' });
  return {
    printed: (text) => {
      const shown = async () => {
        while (!printed.includes(text)) await new Promise<void>((resolve) => (wake = resolve));
      };
      return orHangs(shown(), () => `${JSON.stringify(text)}; the page printed: ${printed}`);
    },
  };
}

test('strophe.js in Chromium, WebSocket, SASLSHA256', { skip: NO_STROPHE || NO_BROWSER }, async (t) => {
  await converse(t, ({ websocket }) => openPage(t, 'strophe-page.js', [websocket[0]?.url ?? '', DOMAIN, ECHO, ABSENT, 'SASLSHA256']));
});

test('stanza in Chromium, WebSocket, SCRAM-SHA-256', { skip: NO_STANZA || NO_BROWSER }, async (t) => {
  await converse(t, ({ websocket }) => openPage(t, 'stanza-page.js', [websocket[0]?.url ?? '', DOMAIN, ECHO, ABSENT, 'SCRAM-SHA-256']));
});

const PYTHON = '/usr/bin/python3';
const NO_SLIXMPP = missing([PYTHON, '-c', 'import slixmpp'], 'python3-slixmpp (Debian)');
for (const encryption of ['plain', 'starttls', 'tls']) {
  // It binds if it can, and reports the others.
  for (const mechanism of encryption === 'plain' ? ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN'] : ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-1-PLUS', 'PLAIN']) {
    test(`slixmpp (Python), ${encryption}, ${mechanism}`, { skip: NO_SLIXMPP }, async (t) => {
      await converseWith(t, ({ c2s, tls }) => {
        const port = (encryption === 'tls' ? tls : c2s)[0]?.port;
        return new Program(t, PYTHON, [`${CLIENTS}slixmpp-login.py`, String(port), DOMAIN, ECHO, ABSENT, encryption, mechanism]);
      });
    });
  }
}

/** XMPP_CONN_FLAG_… of strophe.h. */
const LIBSTROPHE_FLAGS = { DISABLE_TLS: 1, MANDATORY_TLS: 2, LEGACY_SSL: 4, TRUST_TLS: 8, LEGACY_AUTH: 16 };
const NO_LIBSTROPHE = missing(['cc', '--version'], 'a C compiler') || missing(['sh', '-c', 'echo "#include <strophe.h>" | cc -E -'], 'libstrophe-dev (Debian)');
const LIBSTROPHE_WAYS: readonly (readonly [name: string, port: 'c2s' | 'tls', flags: number, encrypted: boolean])[] = [
  ['without TLS', 'c2s', LIBSTROPHE_FLAGS.DISABLE_TLS, false],
  ['STARTTLS', 'c2s', LIBSTROPHE_FLAGS.MANDATORY_TLS | LIBSTROPHE_FLAGS.TRUST_TLS, true],
  ['direct TLS', 'tls', LIBSTROPHE_FLAGS.LEGACY_SSL | LIBSTROPHE_FLAGS.TRUST_TLS, true],
];
for (const [name, kind, flags, encrypted] of LIBSTROPHE_WAYS) {
  test(`libstrophe (C), ${name}`, { skip: NO_LIBSTROPHE }, async (t) => {
    const program = join(temporaryFolder(t), 'client');
    const built = spawnSync('cc', ['-o', program, `${CLIENTS}libstrophe-client.c`, '-lstrophe'], { encoding: 'utf8' });
    assert.equal(built.status, 0, built.stderr);
    const output = await converseWith(t, (listening) => new Program(t, program, [String(listening[kind][0]?.port), DOMAIN, ECHO, ABSENT, String(flags)]));
    assert.match(output, encrypted ? /^encrypted$/m : /^not encrypted$/m);
  });
}

const NO_GO_SENDXMPP = missing(['go-sendxmpp', '--version'], 'go-sendxmpp (Debian)');
for (const [name, kind, ...options] of [
  ['STARTTLS', 'c2s'],
  ['direct TLS', 'tls', '-t'],
] as const) {
  test(`go-sendxmpp, ${name}`, { skip: NO_GO_SENDXMPP }, async (t) => {
    const site = await start(t, {});
    const echo = await echoFor(t, site);
    const account = ['-u', `opensrf@${DOMAIN}`, '-p', 'password', '-j', `127.0.0.1:${site.server.listening[kind][0]?.port}`, '-n', ...options];
    const listener = new Program(t, 'go-sendxmpp', [...account, '-l']);
    const file = join(CLIENTS, 'go-sendxmpp-message.txt');
    const sender = new Program(t, 'go-sendxmpp', [...account, '-m', file, ECHO]);
    assert.equal((await sender.outcome()).code, 0);
    const heard = await echo.message();
    assert.match(heard, /grüße &amp; &lt;b&gt;/);
    await sessions(site, (count) => count >= 2);
    // It may hear nothing yet when its session is there.
    const again = setInterval(
      () => echo.send(`<message to='opensrf@${DOMAIN}' type='chat'><body>echo of ${readFileSync(file, 'utf8').length}</body></message>`),
      200,
    );
    await listener.printed('echo of').finally(() => clearInterval(again));
  });
}

const NO_PROFANITY = missing(['profanity', '--version'], 'profanity (Debian)') || missing(['tmux', '-V'], 'tmux (Debian)');

/** A terminal with a program in it. */
class Terminal {
  private readonly server: string;

  constructor(t: TestContext, command: string) {
    this.server = `chopchop-${process.pid}-${t.name.length}`;
    this.tmux('-f', '/dev/null', 'new-session', '-d', '-x', '160', '-y', '50', command);
    t.after(() => this.tmux('kill-server'));
  }

  type(line: string): void {
    this.tmux('send-keys', '-l', line);
    this.tmux('send-keys', 'Enter');
  }

  /** A terminal has no event for changes. */
  async shows(text: string): Promise<void> {
    for (let waited = 0; waited < HANG_MS; waited += 100) {
      if (this.tmux('capture-pane', '-p').includes(text)) return;
      await delay(100);
    }
    assert.fail(`the terminal does not show "${text}": ${this.tmux('capture-pane', '-p')}`);
  }

  private tmux(...args: string[]): string {
    return spawnSync('tmux', ['-L', this.server, ...args], { encoding: 'utf8' }).stdout;
  }
}

for (const [name, policy] of [
  ['STARTTLS', 'trust'],
  ['without TLS', 'disable'],
] as const) {
  test(`profanity in a terminal, ${name}`, { skip: NO_PROFANITY }, async (t) => {
    const first = await start(t, {});
    const { listening } = first.server;
    const folder = temporaryFolder(t);
    mkdirSync(join(folder, 'profanity'));
    const account = {
      enabled: true,
      jid: `opensrf@${DOMAIN}`,
      resource: 'client',
      password: 'password',
      server: '127.0.0.1',
      port: listening.c2s[0]?.port,
      'tls.policy': policy,
    };
    writeFileSync(
      join(folder, 'profanity', 'accounts'),
      `[opensrf]\n${Object.entries(account)
        .map(([key, value]) => `${key}=${value}\n`)
        .join('')}`,
    );
    mkdirSync(join(folder, 'config', 'profanity'), { recursive: true });
    writeFileSync(join(folder, 'config', 'profanity', 'profrc'), '[connection]\nreconnect=1\nautoping=0\n');
    const echo = await echoFor(t, first);
    const terminal = new Terminal(t, `env HOME=${folder} XDG_DATA_HOME=${folder} XDG_CONFIG_HOME=${folder}/config LANG=C.UTF-8 profanity -a opensrf`);
    await terminal.shows('logged in successfully');
    terminal.type(`/msg ${ECHO} from a terminal <b>`);
    const heard = await echo.message();
    assert.match(heard, /from a terminal &lt;b&gt;/);
    echo.send(`<message to='${attribute(heard, 'from')}' type='chat'><body>echo of a terminal</body></message>`);
    // It shows incoming messages in a window for the account, not for the resource that it wrote to.
    await terminal.shows('[3]');
    terminal.type('/win 3');
    await terminal.shows('echo of a terminal');
    terminal.type(`/msg nobody@${DOMAIN} anybody there?`);
    await terminal.shows('service-unavailable');
    terminal.type('/win 1');
    await first.server.stop();
    const second = await startAgain(t, listening);
    await sessions(second, (count) => count >= 1);
    terminal.type('/quit');
    await sessions(second, (count) => count === 0);
  });
}
