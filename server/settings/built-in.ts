import type { Account } from '../config/account.ts';
import type { Limits } from '../config/limits.ts';
import type { ServerClock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { ProgramTurns } from '../kernel/program-turns.ts';
import type { Credentials, JabberLogin } from '../osrf/login.ts';
import { OsrfService } from '../osrf/service.ts';
import { withSystemMethods } from '../osrf/system-methods.ts';
import { settingsMethods } from './methods.ts';
import { OtherBuiltIns } from './other-built-ins.ts';
import { SettingsFile } from './settings-file.ts';

/** The name of the service and of its class. */
export const SETTINGS_SERVICE = 'opensrf.settings';

/** The Perl package in "Method not found", as with OpenSRF's own service. */
const IMPLEMENTATION = 'OpenSRF::Application::Settings';
/** The most concurrent sessions; a Perl program keeps one only while it asks. */
const WORKERS = 4;
/** The most requests that wait for a worker; OpenSRF's default. */
const MAX_BACKLOG = 1_000;
const KEEPALIVE_MS = 5_000;
/** The pause before registering with an external router that has just logged in and does not read yet. */
const NEW_ROUTER_PAUSE_MS = 250;

/** The options of the built-in service. */
export interface BuiltInSettingsOptions {
  /** Path of opensrf.xml. */
  readonly file: string;
  readonly account: Account;
  /** The addresses of the routers to register with. */
  readonly routers: readonly string[];
  /** The name of this member of a cluster; `''`: there is none. */
  readonly member: string;
}

/** The parts of the server that the built-in service needs. */
export interface BuiltInSettingsEnvironment {
  /** Logs in to the server. */
  readonly login: (credentials: Credentials) => JabberLogin;
  readonly limits: Pick<Limits, 'queryBytes' | 'serviceBacklogBytes' | 'xpathSteps'>;
  readonly turns: ProgramTurns;
  readonly clock: ServerClock;
  readonly log: Log;
}

/**
 * `opensrf.settings` in the server's own process, with an ordinary listener and workers. While another listener is registered
 * for the service with any of the server's routers, this one is registered with none. In a cluster, the built-in services of all members
 * take turns if their files are equal; otherwise those with the file of the member with the lowest name.
 */
export class BuiltInSettings {
  private readonly options: BuiltInSettingsOptions;
  private readonly environment: BuiltInSettingsEnvironment;
  /** The other listeners of the service, by the router's domain. */
  private readonly listeners = new Map<string, readonly string[]>();
  private readonly others = new OtherBuiltIns();
  /** The address of its listener, known before it registers; `''`: it is not logged in. */
  listener = '';
  private service: OsrfService | null = null;
  private file: SettingsFile | null = null;
  private state: 'stopped' | 'registered' | 'aside' = 'stopped';

  constructor(options: BuiltInSettingsOptions, environment: BuiltInSettingsEnvironment) {
    this.options = options;
    this.environment = environment;
  }

  /** Reads the file for {@link start}. @throws SettingsError */
  read(): SettingsFile {
    return new SettingsFile(this.options.file, this.environment.limits.xpathSteps);
  }

  /** Logs in; resolves when the service is registered. @throws LoginError */
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
      async (resource) => {
        const jabber = login({ ...account, resource });
        if (resource.includes('_listener_')) this.listener = jabber.jid;
        return jabber;
      },
    );
    this.state = 'registered';
    for (const jabber of this.connections(this.service)) jabber.onClose = () => this.connectionLost();
    this.follow();
    await this.service.listener.settled();
    log.info({ file: file.path, listener: this.service.listener.jid, routers }, 'built-in opensrf.settings started');
  }

  /** Reads the file again. @returns A function that applies the new content. @throws SettingsError */
  readAgain(): () => void {
    const take = this.file?.readAgain();
    return () => {
      take?.();
      if (this.options.member === '') return;
      // The other members learn the digest with the registration.
      if (this.state === 'registered') this.service?.register();
      this.follow();
    };
  }

  /** A digest of the file's content; `''` before the start. */
  get digest(): string {
    return this.file?.current.digest ?? '';
  }

  /** Another member of the cluster has a built-in service, or another file. Call it before its listener joins. */
  memberHas(member: string, listener: string, digest: string): void {
    this.others.set(member, listener, digest);
    this.followLater();
  }

  /** Another member, or its built-in service, has ended. */
  memberLost(member: string): void {
    this.others.delete(member);
    this.followLater();
  }

  /** Stops before the server closes all streams, including the service's own. */
  stop(): void {
    this.state = 'stopped';
    this.listener = '';
  }

  /** Called when the listeners of the service have changed at one of the server's routers. @param listeners Their addresses. */
  listenersChanged(domain: string, listeners: Iterable<string>): void {
    this.listeners.set(domain, [...listeners]);
    this.followLater();
  }

  /** Called when an external router has taken over a domain; it has no listeners yet. */
  routerReplaced(): void {
    this.environment.clock.after(NEW_ROUTER_PAUSE_MS, () => {
      if (this.state === 'registered') this.service?.register();
    });
  }

  /** After the router's current work, but before the next stanza is read, so that the service always has a listener. */
  private followLater(): void {
    this.environment.clock.next(() => this.follow());
  }

  /** Unregisters, or registers again. */
  private follow(): void {
    if (this.service === null) return;
    const { log } = this.environment;
    const listener = this.otherListener(this.service.listener.jid);
    const member = this.others.rival(this.options.member, this.digest);
    const isAlone = listener === undefined && member === '';
    if (this.state === 'registered' && !isAlone) {
      this.state = 'aside';
      this.service.unregister();
      if (listener !== undefined) log.info({ listener }, 'another opensrf.settings registered; the built-in one unregistered');
      else log.warn({ member }, 'the opensrf.xml of another member differs; the built-in opensrf.settings unregistered');
    }
    if (this.state === 'aside' && isAlone) {
      this.state = 'registered';
      this.service.register();
      log.info({}, 'the other opensrf.settings left; the built-in one registered again');
    }
  }

  private otherListener(own: string): string | undefined {
    return [...this.listeners.values()].flat().find((jid) => jid !== own && !this.others.has(jid));
  }

  /** Ends the whole service when a connection is lost: a part of it might accept requests without answering them. */
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
