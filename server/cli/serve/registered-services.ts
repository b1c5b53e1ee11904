import { dirname } from 'node:path';
import type { Timer } from '../../../shared/clock.ts';
import type { ChopChop } from '../../compose/chopchop.ts';
import type { ChopChopConfig } from '../../config/config.ts';
import type { Resolved } from '../../config/sources/resolve.ts';
import { ownControlFile } from '../../control/control-file.ts';
import type { Log } from '../../kernel/log.ts';
import { KeptFile } from '../../process/kept-file.ts';

/** The time in which services register again after a crash. */
const HOLD_MS = 30_000;

/** Registrations come in bursts; one write follows each. */
const WRITE_AFTER_MS = 100;

/**
 * The names of the registered services, in a file that a clean stop removes: `DOMAIN SERVICE` on each line. After a crash it is still there, and the next server at this address
 * holds requests for these services until they have had time to register.
 */
export class RegisteredServices {
  private readonly file: KeptFile;
  private readonly server: ChopChop;
  private readonly log: Log;
  /** The services of the crashed server that have still time to register: lines of the file. */
  private expected: readonly string[] = [];
  private written = '';
  private holding: Timer | null = null;
  private writing: Timer | null = null;
  private unwatch = (): void => {};

  private constructor(file: KeptFile, server: ChopChop, log: Log) {
    this.file = file;
    this.server = server;
    this.log = log;
  }

  /** @returns null with `--hold 0`, and if no file can be kept. */
  static of(server: ChopChop, { settings, control }: Pick<Resolved, 'settings' | 'control'>, log: Log): RegisteredServices | null {
    if (settings.isGiven('router.holdMs') && settings.values['router.holdMs'] === 0) return null;
    const file = keptFile(control?.file ?? null, server.config);
    return file === null ? null : new RegisteredServices(file, server, log);
  }

  /** Before the start: holds requests for the services of a server that has crashed. */
  expect(): void {
    this.expected = (this.file.read() ?? '').split('\n').filter((line) => line !== '');
    if (this.expected.length === 0) return;
    for (const [domain, router] of this.server.routers) {
      const ofDomain = `${domain} `;
      const services = this.expected.filter((line) => line.startsWith(ofDomain)).map((line) => line.slice(ofDomain.length));
      router.expect(services, HOLD_MS);
    }
    this.log.warn({ services: this.expected, seconds: HOLD_MS / 1_000 }, 'the last server did not stop cleanly: requests for its services are held');
  }

  /** Once the server runs: keeps the file up to date. */
  watch(): void {
    this.unwatch = this.server.watchServices(() => this.writeLater());
    this.holding = this.server.clock.after(HOLD_MS, () => {
      this.expected = [];
      this.writeLater();
    });
    this.writeLater();
  }

  /** @param end After an unclean one, the file stays. */
  stop(end: string): void {
    this.unwatch();
    this.holding?.cancel();
    this.writing?.cancel();
    if (end === 'clean') this.file.remove();
  }

  private writeLater(): void {
    this.writing ??= this.server.clock.after(WRITE_AFTER_MS, () => this.write());
  }

  private write(): void {
    this.writing = null;
    const lines = [...this.server.routers].flatMap(([domain, { classes }]) => Array.from(classes.keys(), (name) => `${domain} ${name}`));
    const content = [...new Set([...lines, ...this.expected])].join('\n');
    if (content === this.written) return;
    this.written = content;
    try {
      this.file.write(content);
    } catch (error) {
      this.log.warn({ reason: (error as Error).message }, 'the names of the registered services are not kept for the time after a crash');
    }
  }
}

function keptFile(controlFile: string | null, { hosts, ports, unix }: ChopChopConfig): KeptFile | null {
  const address = ports.length === 0 ? (unix.paths[0] ?? '') : `${hosts[0]}:${ports[0]}`;
  try {
    return KeptFile.in(dirname(controlFile ?? ownControlFile()), ports.includes(0) ? '' : address, 'services');
  } catch {
    // The folder cannot be made, or belongs to another user.
    return null;
  }
}
