import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { endWith, HANG_MS } from './processes.ts';

/** The program. */
export const MAIN = fileURLToPath(new URL('../../server/main.js', import.meta.url));

/** Seconds for a `--timeout` that must not expire, however busy the machine is. */
export const LONG = '3600';

/** The outcome of a program. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program to its end. */
export function run(...args: string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', timeout: HANG_MS });
  return { code: status, stdout, stderr };
}

/** Asserts that an error is a single line of this program. */
export function oneLine(text: string): string {
  assert.match(text, /^opensrf-chopchop: .+\n$/, 'one line, no stack trace');
  return text;
}

/** A temporary folder, removed when the test ends. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'chopchop-'));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Waits until a condition holds for the files in a folder; checks at each change. */
export async function until(t: TestContext, folder: string, isTrue: () => boolean): Promise<void> {
  const watcher = watch(folder);
  t.after(() => watcher.close());
  const changed = () => once(watcher, 'change');
  for (let next = changed(); !isTrue(); next = changed()) await next;
  watcher.close();
}

/** Waits for a complete file: a ready file must appear whole. */
export function appeared(t: TestContext, folder: string, name: string): Promise<void> {
  return until(t, folder, () => existsSync(join(folder, name)));
}

/** Waits until a file of a folder contains a text. */
export function written(t: TestContext, folder: string, name: string, text: string | RegExp): Promise<void> {
  return until(t, folder, () => existsSync(join(folder, name)) && contains(readFileSync(join(folder, name), 'utf8'), text));
}

function contains(content: string, text: string | RegExp): boolean {
  return typeof text === 'string' ? content.includes(text) : text.test(content);
}

/** The content of `--ready-file`. */
export interface Ready {
  readonly pid: number;
  readonly c2s: readonly [{ readonly host: string; readonly port: number }];
  readonly tls: readonly { readonly host: string; readonly port: number }[];
  readonly domains: readonly string[];
}

/** A server in a separate process. */
export interface Serving {
  readonly child: ChildProcess;
  readonly ready: Ready;
  /** Its standard output so far… */
  readonly output: () => string;
  /** …and its standard error. */
  readonly errors: () => string;
}

/** Starts a server on a free port, with its ready file in the folder. */
export async function serve(t: TestContext, folder: string, ...args: string[]): Promise<Serving> {
  const port = args.includes('--port') ? [] : ['--port', '0'];
  const child = endWith(
    t,
    spawn(process.execPath, [MAIN, ...port, '--ready-file', join(folder, 'ready.json'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
  const ended = once(child, 'exit').then(([code]) => assert.fail(`the server ended with code ${code}: ${errors}`));
  await Promise.race([appeared(t, folder, 'ready.json'), ended]);
  ended.catch(() => {});
  return { child, ready: readReady(folder), output: () => output, errors: () => errors };
}

/** Reads the ready file of a folder. */
export function readReady(folder: string): Ready {
  return JSON.parse(readFileSync(join(folder, 'ready.json'), 'utf8'));
}

/** Shuts a server down gracefully. @returns its exit code. */
export async function stop({ child }: Serving): Promise<number | null> {
  child.kill('SIGTERM');
  const [code] = await once(child, 'close');
  return code;
}
