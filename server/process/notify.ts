import { spawn } from 'node:child_process';

/**
 * Notifies systemd that the service is ready (`Type=notify`) by `systemd-notify`, because Node has no Unix datagram sockets; does nothing without NOTIFY_SOCKET.
 * The unit needs `NotifyAccess=all`, because the notification comes from a child process.
 */
export function notifyReady(environment: NodeJS.ProcessEnv = process.env): void {
  if (environment['NOTIFY_SOCKET'] === undefined) return;
  const child = spawn('systemd-notify', ['--ready', `--pid=${process.pid}`], { stdio: 'ignore', env: environment });
  // If the program is missing, systemd reports a time-out.
  child.on('error', () => {});
  child.unref();
}
