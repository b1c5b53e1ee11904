import { DEFAULT_PORT } from '../../config/defaults.ts';
import { addressOf } from '../../config/hosts-file.ts';
import type { OpensrfCore } from '../../config/sources/opensrf-core.ts';
import type { CommandError } from '../../kernel/exit-codes.ts';
import { JabberClient } from '../../osrf/jabber-client.ts';
import { reportReady } from '../../process/daemon.ts';
import { PidFile, ROUTER_TITLE } from '../../process/pid-file.ts';

/**
 * Stands in for the router of a server that somebody else has started: it has the title and the pid file that `osrf_control` looks for, and ends
 * when it is told to, or with the server.
 * @param failure Why there can be no server of our own; thrown if there is none to attach to either.
 */
export async function attach(core: OpensrfCore, pidFilePath: string | undefined, failure: CommandError): Promise<void> {
  const jabber = await login(core).catch(() => null);
  if (jabber === null) throw failure;
  process.title = ROUTER_TITLE;
  const pidFile = pidFilePath === undefined ? null : new PidFile(pidFilePath);
  // There is nobody to tell: the log is the server's.
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
