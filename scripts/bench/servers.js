// The servers that are measured: the floor, ours, and the peers that are installed. Each has start(), which resolves to a running one:
// { name, port, password, auth, mode, pids(), stop() }.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../dist/server/main.js', import.meta.url));
const noderelay = fileURLToPath(new URL('./noderelay.js', import.meta.url));

/** A port that is probably free; binding it may still fail. */
export function somePort() {
  return 10_000 + Math.floor(Math.random() * 20_000);
}

/** The end of a child process that the bench started. */
export async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** A C program that checks nothing. @param nullrelay Its path. */
export function floor(nullrelay) {
  return relay('floor', nullrelay, []);
}

/** A Node program that checks nothing. */
export function nodeRelay() {
  return relay('node', process.execPath, [noderelay]);
}

function relay(name, program, args) {
  return {
    name,
    routes: true,
    async start() {
      // A relay binds the port it is given and says nothing but that it is taken, so another is tried then.
      for (;;) {
        const port = somePort();
        const child = spawn(program, [...args, String(port)], { stdio: 'ignore' });
        const listens = await accepts(port, child);
        if (listens) return { ...ofAccount(name, port), pids: () => [child.pid], stop: () => end(child) };
      }
    },
  };
}

/** Whether the child accepts connections, once it does or has ended. */
async function accepts(port, child) {
  while (child.exitCode === null) {
    await sleep(50);
    const socket = connect(port, '127.0.0.1');
    const opened = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (opened) {
      // If another program has the port, the child is about to end.
      await sleep(100);
      return child.exitCode === null;
    }
  }
  return false;
}

/** @param args More options of `serve`. */
export function ours(folder, args = []) {
  return {
    name: 'ours',
    routes: true,
    async start() {
      const ready = join(folder, 'ready.json');
      rmSync(ready, { force: true });
      const child = spawn(process.execPath, [main, '--host', '127.0.0.1', '--port', '0', '--log-level', 'silent', '--ready-file', ready, ...args], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      while (!existsSync(ready)) {
        if (child.exitCode !== null) throw new Error('the server did not start');
        await sleep(20);
      }
      const { c2s, web } = JSON.parse(readFileSync(ready, 'utf8'));
      return { ...ofAccount('ours', c2s[0].port), webPort: web[0]?.port, pids: () => [child.pid], stop: () => end(child) };
    },
  };
}

function ofAccount(name, port) {
  return { name, port, password: 'password', auth: 'legacy', mode: 'routed' };
}
