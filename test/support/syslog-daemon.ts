import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { endWith } from './processes.ts';

const HAS_PYTHON = spawnSync('python3', ['-c', '']).status === 0;
const HAS_LOGGER = spawnSync('logger', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true;

/** The reason why no {@link SyslogDaemon} can run here, or false. */
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

/** A reader of /dev/log: keeps its datagrams. In Python, because Node has no such sockets. */
export class SyslogDaemon {
  readonly datagrams: string[] = [];
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.child = child;
  }

  /** @param path Its socket; an existing one is replaced. */
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

  /** Waits for a datagram that contains the text. */
  async received(text: string): Promise<void> {
    while (!this.datagrams.some((one) => one.includes(text))) await once(this.child.stdout as NodeJS.ReadableStream, 'data');
  }

  /** Ends it like a crash: its socket remains, without a reader. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await once(this.child, 'close');
  }
}
