import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MAIN, run, temporaryFolder } from './support/command.ts';
import { endWith, kill } from './support/processes.ts';
import { ownOptions, type Step, shellBlocks, stepsOf } from './support/shell-pages.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGES = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)].filter((name) => name.endsWith('.md'));

/** Lines that are not run here, each with the reason. */
const NOT_RUN: readonly (readonly [RegExp, string])[] = [
  [/^docker /, 'scripts/release/image-by-hand.sh does what they ask for'],
  [/build:binary|^\.\/release\/|^ln -s opensrf-chopchop|\.tgz/, 'npm run release:check does it'],
  [/^npm run bench/, 'takes minutes'],
  [/opensrf-chopchop completion/, 'test/completion.test.ts completes at terminals'],
  [/perl service\.pl/, 'stands for a program of the reader’s'],
];

test('the options named in the documentation exist', () => {
  const helps = new Map<string, string>();
  const help = (command: string) => helps.get(command) ?? helps.set(command, run(command, '--help').stdout).get(command) ?? '';
  let found = 0;
  for (const page of PAGES) {
    for (const line of readFileSync(join(ROOT, page), 'utf8').split('\n')) {
      for (const { command, options } of ownOptions(line)) {
        found += options.length;
        for (const option of options)
          assert.ok(new RegExp(`${option.replace(/^--no-/, '--(?:no-)?')}\\b`).test(help(command)), `${page}: ${option} in ${line}`);
      }
    }
  }
  assert.ok(found > 40, `${found} options`);
});

const SITE = `<config><opensrf><routers>${['private', 'public'].map((name) => `<router><name>router</name><domain>${name}.localhost</domain></router>`).join('')}</routers>
  <domain>private.localhost</domain><username>opensrf</username><passwd>one</passwd><port>5222</port></opensrf>
  <routers>${['private', 'public'].map(routerOf).join('')}</routers></config>`;

function routerOf(name: string): string {
  const server = `<transport><server>${name}.localhost</server><port>5222</port><username>router</username><password>two</password></transport>`;
  return `<router><trusted_domains><server>private.localhost</server><client>private.localhost</client></trusted_domains>${server}</router>`;
}

/** A reader's machine: a separate network, so that all ports are free, a site's files, and substitutes for other programs. */
class Machine {
  readonly folder: string;
  private readonly network: ChildProcess;
  /** All that it has started. */
  private readonly children: ChildProcess[] = [];
  /** The commands that run until a signal. */
  private readonly running: ChildProcess[] = [];

  private constructor(folder: string, network: ChildProcess) {
    this.folder = folder;
    this.network = network;
  }

  static async start(t: TestContext): Promise<Machine> {
    let machine: Machine | null = null;
    // Before its folder goes.
    t.after(() => machine?.stop());
    const folder = temporaryFolder(t);
    for (const name of ['bin', 'conf', 'var/run', 'var/log', 'home', 'runtime']) mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
    const program = (name: string, text: string) => writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    program('opensrf-chopchop', `exec '${process.execPath}' '${MAIN}' "$@"`);
    program('npx', 'exec "$@"');
    for (const name of ['npm', 'osrf_control', 'make']) program(name, 'exit 0');
    program('srfsh', 'exec cat');
    writeFileSync(join(folder, 'conf/opensrf_core.xml'), SITE);
    for (const name of ['conf/opensrf.xml', 'opensrf.xml']) cpSync(join(ROOT, 'test/fixtures/opensrf-xml/minimal.xml'), join(folder, name));
    cpSync(join(ROOT, 'docs/examples/stubs'), join(folder, 'test/stubs'), { recursive: true });
    cpSync(join(ROOT, 'docs/examples/perl/t'), join(folder, 't'), { recursive: true });
    const script = 'ip link set lo up && echo up && exec sleep infinity';
    const network = endWith(t, spawn('unshare', ['--net', 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] }));
    machine = new Machine(folder, network);
    await once(network.stdout as NodeJS.ReadableStream, 'data');
    return machine;
  }

  /** Does as a page says. */
  async take({ kind, line }: Step): Promise<void> {
    // A server takes the place of the one before.
    if (kind === 'server' || line.includes('--daemon')) await this.endAll();
    const child = this.spawn(line, kind === 'server');
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
    const ended = once(child, 'close').then(([code]) => code as number | null);
    if (kind === 'script') {
      assert.equal(await ended, 0, `${line}\n${output}`);
      return;
    }
    this.running.push(child);
    // A watching command prints nothing until an event; the next step checks the server.
    while (kind === 'server' && !output.includes('"listening"')) {
      const next = await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data').then(() => null), ended]);
      assert.equal(next, null, `${line}\n${output}`);
    }
  }

  /** Ends all running commands. */
  async endAll(): Promise<void> {
    for (const child of this.running.splice(0)) {
      assert.equal(child.exitCode, null, 'it runs until a signal');
      process.kill(-(child.pid as number), 'SIGTERM');
      await once(child, 'close');
    }
  }

  private spawn(line: string, serves: boolean): ChildProcess {
    const own = { HOME: join(this.folder, 'home'), XDG_RUNTIME_DIR: join(this.folder, 'runtime'), PERL5LIB: join(ROOT, 'docs/examples/perl/lib') };
    // The services that pages ask, and the console that a terminal gets.
    const served = serves ? { OPENSRF_CHOPCHOP_STUBS: join(this.folder, 'test/stubs'), OPENSRF_CHOPCHOP_CONSOLE: '0' } : {};
    const env = { ...process.env, PATH: `${join(this.folder, 'bin')}:${process.env['PATH']}`, ...own, ...served };
    const command = ['--net', '--target', String(this.network.pid), 'bash', '-ec', this.inFolder(line)];
    const child = spawn('nsenter', command, { cwd: this.folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.children.push(child);
    return child;
  }

  /** Places that a page names are this machine's own. */
  private inFolder(line: string): string {
    return line.replaceAll(/\/openils|\/tmp(?=\/)/g, this.folder);
  }

  private async stop(): Promise<void> {
    for (const child of this.children) kill(-(child.pid as number));
    for (const name of readdirSync(join(this.folder, 'var/run'))) kill(Number(readFileSync(join(this.folder, 'var/run', name), 'utf8')));
    this.network.kill('SIGKILL');
    await once(this.network, 'close');
  }
}

const cannot = spawnSync('unshare', ['--net', 'sh', '-c', 'ip link set lo up']).status !== 0 && 'a network of its own takes root and iproute2';
const absent = ['jq', 'curl', 'prove', 'bash'].filter((program) => spawnSync(program, ['--version']).error !== undefined);
const skip = cannot || (absent.length > 0 && `${absent.join(' ')} are not there`);

for (const page of PAGES) {
  const blocks = shellBlocks(join(ROOT, page)).map(({ at, lines }) => ({ at, lines: lines.filter((line) => !NOT_RUN.some(([what]) => what.test(line))) }));
  const toRun = blocks.filter(({ lines }) => lines.length > 0);
  if (toRun.length === 0) continue;
  test(`the commands of ${page} work`, { skip }, async (t) => {
    const machine = await Machine.start(t);
    for (const { at, lines } of toRun) {
      for (const step of stepsOf(lines)) await t.test(`${page}:${at} ${step.line.split('\n')[0]}`, () => machine.take(step));
    }
    await machine.endAll();
  });
}

test('every line excluded from the run occurs in a page', () => {
  const lines = PAGES.flatMap((page) => shellBlocks(join(ROOT, page)).flatMap((block) => block.lines));
  for (const [what, why] of NOT_RUN)
    assert.ok(
      lines.some((line) => what.test(line)),
      `${what}: ${why}`,
    );
  assert.ok(existsSync(join(ROOT, 'scripts/release/image-by-hand.sh')));
});
