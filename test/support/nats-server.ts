import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from './command.ts';
import { endWith } from './processes.ts';

/** The reason to skip a test of NATS, or false. */
export const NO_NATS = spawnSync('nats-server', ['--version'], { stdio: 'ignore' }).status === 0 ? false : 'nats-server (Debian) is not installed';

/** A real nats-server on a port of its own, which can be stopped and started again. */
export class NatsServer {
  readonly port: number;
  readonly url: string;
  readonly folder: string;
  private readonly t: TestContext;
  private readonly config: string;
  private child: ChildProcess | null = null;

  private constructor(t: TestContext, port: number, config: string) {
    this.t = t;
    this.port = port;
    this.url = `nats://127.0.0.1:${port}`;
    this.folder = temporaryFolder(t);
    this.config = join(this.folder, 'nats.conf');
    writeFileSync(this.config, `host: "127.0.0.1"\nport: ${port}\n${config}\n`);
  }

  /** Starts one. @param config More lines of its configuration. */
  static async start(t: TestContext, config = ''): Promise<NatsServer> {
    const server = new NatsServer(t, await freePort(), config);
    await server.run();
    return server;
  }

  /** Starts servers that form a cluster. */
  static async startCluster(t: TestContext, size: number): Promise<NatsServer[]> {
    const ports = await Promise.all(Array.from({ length: size }, freePort));
    const routes = ports.map((port) => `"nats://127.0.0.1:${port}"`).join(', ');
    return await Promise.all(ports.map((port) => NatsServer.start(t, `cluster { name: "test", listen: "127.0.0.1:${port}", routes: [${routes}] }`)));
  }

  /** Starts it, and resolves when it is ready. */
  async run(): Promise<void> {
    const child = endWith(this.t, spawn('nats-server', ['-c', this.config], { stdio: ['ignore', 'ignore', 'pipe'] }));
    this.child = child;
    let log = '';
    await new Promise<void>((resolve, reject) => {
      child.stderr.setEncoding('utf8').on('data', (text) => {
        log += text;
        if (log.includes('Server is ready')) resolve();
      });
      child.once('exit', () => reject(new Error(`nats-server ended: ${log}`)));
    });
  }

  /** Ends it with `kill -9`. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child === null) return;
    this.child = null;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }
}

/** A port that is free for the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
