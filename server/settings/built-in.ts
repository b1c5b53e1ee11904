import type { Account } from '../config/account.ts';
import type { Limits } from '../config/limits.ts';
import type { ServerClock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { ProgramTurns } from '../kernel/program-turns.ts';
import type { Credentials, JabberLogin } from '../osrf/login.ts';
import { OsrfService } from '../osrf/service.ts';
import { withSystemMethods } from '../osrf/system-methods.ts';
import { settingsMethods } from './methods.ts';
import { SettingsFile } from './settings-file.ts';

/** The service's name, which is also its class at the routers. */
export const SETTINGS_SERVICE = 'opensrf.settings';

/** What answers when there is no such method: clients know it as the Perl service's package. */
const IMPLEMENTATION = 'OpenSRF::Application::Settings';
/** Clients in sessions at the same time: a Perl program keeps one for the moment it needs to ask. */
const WORKERS = 4;
/** Requests that wait for a worker; OpenSRF's default. */
const MAX_BACKLOG = 1_000;
const KEEPALIVE_MS = 5_000;
/** A router from outside that has just logged in needs a moment before it looks at what it is sent. */
const NEW_ROUTER_PAUSE_MS = 250;

/** Where the built-in service runs, and as whom. */
export interface BuiltInSettingsOptions {
  /** Path of opensrf.xml. */
  readonly file: string;
  readonly account: Account;
  /** The addresses of the routers it registers with. */
  readonly routers: readonly string[];
}

/** What it needs of the server it lives in. */
export interface BuiltInSettingsEnvironment {
  /** Logs in at the server. */
  readonly login: (credentials: Credentials) => JabberLogin;
  readonly limits: Pick<Limits, 'queryBytes' | 'serviceBacklogBytes' | 'xpathSteps'>;
  readonly turns: ProgramTurns;
  readonly clock: ServerClock;
  readonly log: Log;
}

/**
 * `opensrf.settings` in the server's own process: a listener and workers on the wire like any other's. While another listener has
 * registered for the service at any of the server's routers, this one is not registered at any.
 */
export class BuiltInSettings {
  private readonly options: BuiltInSettingsOptions;
  private readonly environment: BuiltInSettingsEnvironment;
  /** Who is registered for the service, by router's domain. */
  private readonly listeners = new Map<string, readonly string[]>();
  private service: OsrfService | null = null;
  private file: SettingsFile | null = null;
  private state: 'stopped' | 'registered' | 'aside' = 'stopped';

  constructor(options: BuiltInSettingsOptions, environment: BuiltInSettingsEnvironment) {
    this.options = options;
    this.environment = environment;
  }

  /** Reads the file; {@link start} serves what stood in it. @throws SettingsError */
  read(): SettingsFile {
    return new SettingsFile(this.options.file, this.environment.limits.xpathSteps);
  }

  /** Logs in, and resolves when the service is registered. @throws LoginError */
  async start(file: SettingsFile): Promise<void> {
    const { account, routers } = this.options;
    const { login, limits, turns, clock, log } = this.environment;
    this.file = file;
    this.service = await OsrfService.startWith(
      {
        service: SETTINGS_SERVICE,
        methods: withSystemMethods(SETTINGS_SERVICE, IMPLEMENTATION, settingsMethods(file, log)),
        implementation: IMPLEMENTATION,
        workers: WORKERS,
        keepalive: { ms: KEEPALIVE_MS, clock },
        maxBacklog: MAX_BACKLOG,
        maxBacklogBytes: limits.serviceBacklogBytes,
        maxRequestBytes: limits.queryBytes,
        turns,
        routers,
        onFailure: (error) => log.error({ err: error }, 'a request was not answered'),
      },
      async (resource) => login({ ...account, resource }),
    );
    this.state = 'registered';
    for (const jabber of this.connections(this.service)) jabber.onClose = () => this.connectionLost();
    this.follow();
    await this.service.listener.settled();
    log.info({ file: file.path, listener: this.service.listener.jid, routers }, 'built-in opensrf.settings started');
  }

  /** Reads the file again. @returns what takes over what stands there. @throws SettingsError */
  readAgain(): () => void {
    return this.file?.readAgain() ?? (() => {});
  }

  /** The server is about to close all streams; the service's are among them. */
  stop(): void {
    this.state = 'stopped';
  }

  /** The listeners of the service at one of the server's routers have changed. @param listeners Their addresses. */
  listenersChanged(domain: string, listeners: Iterable<string>): void {
    this.listeners.set(domain, [...listeners]);
    // The router is at work still; but before the next stanza is read, so that no request finds nobody.
    this.environment.clock.next(() => this.follow());
  }

  /** A router from outside has taken a domain's place, and knows of no listener yet. */
  routerReplaced(): void {
    this.environment.clock.after(NEW_ROUTER_PAUSE_MS, () => {
      if (this.state === 'registered') this.service?.register();
    });
  }

  /** Steps aside, or comes back. */
  private follow(): void {
    if (this.service === null) return;
    const { log } = this.environment;
    const other = this.otherListener(this.service.listener.jid);
    if (this.state === 'registered' && other !== undefined) {
      this.state = 'aside';
      this.service.unregister();
      log.info({ listener: other }, 'another opensrf.settings registered; the built-in one steps aside');
    }
    if (this.state === 'aside' && other === undefined) {
      this.state = 'registered';
      this.service.register();
      log.info({}, 'the other opensrf.settings has left; the built-in one is back');
    }
  }

  private otherListener(own: string): string | undefined {
    return [...this.listeners.values()].flat().find((jid) => jid !== own);
  }

  /** Half a service would take requests and not answer them. */
  private connectionLost(): void {
    if (this.state === 'stopped' || this.service === null) return;
    this.stop();
    for (const jabber of this.connections(this.service)) void jabber.close();
    this.environment.log.error({}, 'the built-in opensrf.settings lost a connection and ended');
  }

  private connections({ listener, workers }: OsrfService): JabberLogin[] {
    return [listener, ...workers.map(({ jabber }) => jabber)];
  }
}
