import { spawn } from 'node:child_process';

/**
 * Tells systemd that the service is ready (`Type=notify`), by its own program: Node has no datagrams over Unix sockets. Nothing where no one waits for it.
 * The unit needs `NotifyAccess=all`, because it is not the service's main process that tells.
 */
export function notifyReady(environment: NodeJS.ProcessEnv = process.env): void {
  if (environment['NOTIFY_SOCKET'] === undefined) return;
  const child = spawn('systemd-notify', ['--ready', `--pid=${process.pid}`], { stdio: 'ignore', env: environment });
  // Where the program is missing, systemd gives up after its own time and says so.
  child.on('error', () => {});
  child.unref();
}
