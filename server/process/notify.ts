import { spawn } from 'node:child_process';

/**
 * Notifies systemd that the service is ready (`Type=notify`) by `systemd-notify`, because Node has no Unix datagram sockets; does nothing without NOTIFY_SOCKET.
 * The unit needs `NotifyAccess=all`, because the notification comes from a child process.
 */
export async function notifyReady(environment: NodeJS.ProcessEnv = process.env): Promise<void> {
  if (environment['NOTIFY_SOCKET'] === undefined) return;
  const child = spawn('systemd-notify', ['--ready', `--pid=${process.pid}`], { stdio: 'ignore', env: environment });
  // If the program is missing, systemd reports a time-out.
  child.unref();
  // systemd knows the process by then.
  await new Promise<void>((resolve) => child.on('error', () => resolve()).on('exit', () => resolve()));
}
