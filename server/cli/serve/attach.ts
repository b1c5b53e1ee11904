import { DEFAULT_PORT } from '../../config/defaults.ts';
import { addressOf } from '../../config/sources/hosts-file.ts';
import type { OpensrfCore } from '../../config/sources/opensrf-core.ts';
import type { CommandError } from '../../kernel/exit-codes.ts';
import { JabberClient } from '../../osrf/jabber-client.ts';
import { reportReady } from '../../process/daemon.ts';
import { PidFile, ROUTER_TITLE } from '../../process/pid-file.ts';

/**
 * Stands in for the router of a running server: has the title and pid file that `osrf_control` looks for, and ends
 * on a signal, or with the server.
 * @param failure The reason why no new server can start; thrown if no server runs here.
 */
export async function attach(core: OpensrfCore, pidFilePath: string | undefined, failure: CommandError): Promise<void> {
  const jabber = await login(core).catch(() => null);
  if (jabber === null) throw failure;
  process.title = ROUTER_TITLE;
  const pidFile = pidFilePath === undefined ? null : new PidFile(pidFilePath);
  // Without a log: the log belongs to the server.
  pidFile?.write({ debug() {}, info() {}, warn() {}, error() {} });
  pidFile?.removeAtExit();
  const over = new Promise<void>((resolve) => {
    jabber.onClose = resolve;
    process.on('SIGTERM', resolve).on('SIGINT', resolve);
    for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2']) process.on(signal, () => {});
  });
  reportReady();
  await over;
  await jabber.close();
  await pidFile?.waitForReader();
}

function login(core: OpensrfCore): Promise<JabberClient> {
  const [account] = [...core.routers, ...core.clients];
  if (account === undefined) return Promise.reject(new Error('no account'));
  return JabberClient.login({ ...account, host: addressOf(account.domain), port: account.port || DEFAULT_PORT, resource: `opensrf_router_${process.pid}` });
}
