import { spawn } from 'node:child_process';

/**
 * Notifies systemd of the service's states (`Type=notify`, sd_notify(3)) by `systemd-notify`, because Node has no Unix datagram sockets; does nothing without NOTIFY_SOCKET.
 * The unit needs `NotifyAccess=all`: the notifications come from a child process, and after a restart from one of the successor.
 */
export class ServiceManager {
  private readonly environment: NodeJS.ProcessEnv;
  /** Notifications arrive in order. */
  private last: Promise<void> = Promise.resolve();
  private served = false;

  constructor(environment: NodeJS.ProcessEnv = process.env) {
    this.environment = environment;
  }

  /** This process serves. Resolves when systemd knows. */
  serving(): Promise<void> {
    this.served = true;
    return this.notify('READY=1', `MAINPID=${process.pid}`);
  }

  /** The service reloads its configuration, or starts its successor. Resolves when systemd knows. */
  reloading(): Promise<void> {
    return this.notify('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  }

  /** This process goes on after {@link reloading}. It does not claim to be the main process: its successor may be by now. */
  ready(): Promise<void> {
    return this.notify('READY=1');
  }

  private notify(...assignments: string[]): Promise<void> {
    // A READY=1 for a reload during the start would come too early.
    if (this.environment['NOTIFY_SOCKET'] !== undefined && this.served) this.last = this.last.then(() => this.send(assignments));
    return this.last;
  }

  private send(assignments: readonly string[]): Promise<void> {
    const child = spawn('systemd-notify', assignments, { stdio: 'ignore', env: this.environment });
    child.unref();
    // If the program is missing, systemd reports a time-out. It ends when systemd has read the message.
    return new Promise((resolve) => child.on('error', () => resolve()).on('exit', () => resolve()));
  }
}
