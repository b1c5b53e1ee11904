import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { endWith } from './processes.ts';

const HAS_PYTHON = spawnSync('python3', ['-c', '']).status === 0;
const HAS_LOGGER = spawnSync('logger', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true;

/** Why there can be no {@link SyslogDaemon} here; false if there can. */
export const NO_SYSLOG: string | false = (!HAS_PYTHON && 'no python3 here') || (!HAS_LOGGER && "no util-linux' logger here");

const SCRIPT = `
import json, os, socket, sys
path = sys.argv[1]
if os.path.exists(path): os.unlink(path)
daemon = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
daemon.bind(path)
print(json.dumps('bound'), flush=True)
while True: print(json.dumps(daemon.recv(65536).decode()), flush=True)
`;

/** What listens on /dev/log elsewhere: keeps the datagrams it gets. Python's, because Node has no such sockets. */
export class SyslogDaemon {
  readonly datagrams: string[] = [];
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.child = child;
  }

  /** @param path Of its socket; one that is there is replaced. */
  static async start(t: TestContext, path: string): Promise<SyslogDaemon> {
    const child = endWith(t, spawn('python3', ['-c', SCRIPT, path], { stdio: ['ignore', 'pipe', 'inherit'] }));
    const daemon = new SyslogDaemon(child);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (text + chunk).split('\n');
      text = lines.pop() ?? '';
      daemon.datagrams.push(...lines.map((line) => JSON.parse(line)));
    });
    await daemon.received('bound');
    daemon.datagrams.length = 0;
    return daemon;
  }

  /** Waits until a datagram has come that has the text in it. */
  async received(text: string): Promise<void> {
    while (!this.datagrams.some((one) => one.includes(text))) await once(this.child.stdout as NodeJS.ReadableStream, 'data');
  }

  /** Ends it as a crash does: its socket stays in the folder, without a reader. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await once(this.child, 'close');
  }
}
