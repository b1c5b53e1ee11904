import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { domainAddresses } from '../../server/config/sources/hosts-file.ts';
import type { BoundAddress } from '../../server/net/tcp.ts';
import { temporaryFolder, until } from './command.ts';
import { HANG_MS } from './processes.ts';

/** The program that osrf_control finds in its PATH. */
export const OPENSRF_ROUTER = fileURLToPath(new URL('../../server/opensrf-router.js', import.meta.url));

/** A port that was free a moment ago: osrf_control's command line cannot ask for any free port. */
async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** A site with one domain, and osrf_control's part in starting and stopping its router. */
export interface OpensrfSite {
  readonly folder: string;
  readonly config: string;
  readonly pidFile: string;
  readonly log: string;
  /** The address of the domain for OpenSRF's programs. */
  readonly address: BoundAddress;
  /** Runs `opensrf_router CONFIG routers PIDFILE` to its end. */
  start(env?: NodeJS.ProcessEnv): { status: number | null; stderr: string };
  /** Sends TERM to the process of the pid file and waits for its end. @returns its pid. */
  stop(): Promise<number>;
  pid(): number;
  /** The process in `ps`. */
  title(): string;
}

/** Makes a site; both of its accounts have the password "password". */
export async function opensrfSite(t: TestContext, domain: string, logLevel = 3): Promise<OpensrfSite> {
  const folder = temporaryFolder(t);
  const [config, pidFile, log] = ['core.xml', 'router.pid', 'router.log'].map((name) => join(folder, name)) as [string, string, string];
  const [host = ''] = domainAddresses([domain]).hosts;
  const port = await freePort(host);
  writeFileSync(
    config,
    `<config><opensrf><domain>${domain}</domain><port>${port}</port><username>opensrf</username><passwd>password</passwd></opensrf>
    <routers><router><trusted_domains><server>${domain}</server><client>${domain}</client></trusted_domains>
    <transport><server>${domain}</server><port>${port}</port><username>router</username><password>password</password><resource>router</resource></transport>
    <logfile>${log}</logfile><loglevel>${logLevel}</loglevel></router></routers></config>`,
  );
  const pid = () => Number(readFileSync(pidFile, 'utf8'));
  return {
    folder,
    config,
    pidFile,
    log,
    address: { host, port },
    // Its standard output is captured; wait until all processes that inherited it have closed it.
    start: (env = {}) =>
      spawnSync(process.execPath, [OPENSRF_ROUTER, config, 'routers', pidFile], { encoding: 'utf8', timeout: HANG_MS, env: { ...process.env, ...env } }),
    pid,
    title: () => readFileSync(`/proc/${pid()}/comm`, 'utf8').trim(),
    async stop() {
      const running = pid();
      process.kill(running, 'SIGTERM');
      await until(t, folder, () => !existsSync(pidFile));
      return running;
    },
  };
}
