import { callerOf } from '../fixture/unstopped.ts';
import type { OsrfClient, SessionSettings } from './client.ts';
import type { Fault, FaultOptions } from './faults.ts';
import type { FixtureOptions } from './fixture-options.ts';
import type { BoundAddress, Listening } from './listening.ts';
import type { Credentials } from './login.ts';
import type { NotRecorded } from './recording.ts';
import type { Exchange, RequestFilter, Times } from './requests.ts';
import type { Methods } from './service.ts';
import type { Stub, StubOptions, UnusedStub } from './stubs.ts';

/**
 * The parts that {@link ChopChopFixture.reset} resets.
 * @public
 */
export type ResetScope = 'stubs' | 'log' | 'faults' | 'sessions';

/**
 * Login options of a fixture's client, all optional. By default it uses the first account that is not a router account, and a unique resource.
 * An existing account needs no password.
 * @public
 */
export interface FixtureClientOptions extends Partial<Credentials>, Partial<SessionSettings> {
  /** The account of the router, the local part of its address; by default the domain's router. */
  readonly routerName?: string;
}

/**
 * The paths of the files of {@link ChopChopFixture.writeConfig}.
 * @public
 */
export interface SiteFiles {
  /** `opensrf_core.xml`, for services, gateways and Perl programs. */
  readonly core: string;
  /** `opensrf.xml`, for `opensrf.settings`: the server's own, if it was given one. */
  readonly settings: string;
  /** `srfsh.xml`, for srfsh, which reads it as `.srfsh.xml` in its HOME: that is written too. */
  readonly srfsh: string;
}

/**
 * The paths of the files of {@link ChopChopFixture.report}.
 * @public
 */
export interface ReportFiles {
  /** The page. */
  readonly page: string;
  /** Beside it, a line of JSON for each request, as in a recording. */
  readonly requests: string;
}

/**
 * One server of a cluster in this process.
 * @beta
 */
export interface FixtureMember {
  /** Its name in the cluster. */
  readonly name: string;
  /** Its address for client logins. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
  /** Logs a client in at this member. @throws LoginError, TypeError */
  connect(options?: FixtureClientOptions): Promise<OsrfClient>;
  /** Starts a stub service at this member. @returns a promise that resolves when it is registered. */
  service(name: string, methods: Methods, options?: StubOptions): Promise<Stub>;
  /** Resolves when this member knows a listener of a service, at any member. @throws OsrfTimeout, TypeError */
  waitForService(service: string, options?: { readonly timeoutMs?: number; readonly domain?: string }): Promise<void>;
  /** Ends this member as a crash does: its connections end, and the other members hear nothing from it any more. */
  crash(): Promise<void>;
  /** Stops its exchange with the other members for a time, as a process that stands still. Its own clients are served. @param ms Milliseconds. @throws TypeError */
  freeze(ms: number): void;
  /** Cuts the network between this member and another one. @param other Its index in {@link ChopChopFixture.members}. @returns a function that mends it. @throws TypeError */
  cut(other: number): () => void;
}

/**
 * Another Jabber server in this process, which exchanges stanzas with the fixture's server by server-to-server streams.
 * @beta
 */
export interface FixturePeer {
  /** Its first domain. */
  readonly domain: string;
  /** All its domains. */
  readonly domains: readonly string[];
  /** Its address for client logins. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
  /** Logs a client in at this server. @throws LoginError, TypeError */
  connect(options?: FixtureClientOptions): Promise<OsrfClient>;
  /**
   * Starts a stub service at this server. With `domains` it registers with the fixture's server too, or only.
   * @returns a promise that resolves when it has sent its registrations. One with another server takes a moment longer: await `waitForService()` there.
   */
  service(name: string, methods: Methods, options?: StubOptions): Promise<Stub>;
  /** Resolves when a service is registered with a router of this server. @throws OsrfTimeout, TypeError */
  waitForService(service: string, options?: { readonly timeoutMs?: number; readonly domain?: string }): Promise<void>;
  /** Ends this server as a crash does: its streams and connections break, and nothing listens any more. */
  crash(): Promise<void>;
  /** Lets nothing pass between this server and the fixture's for a time; the streams stay open. @param ms Milliseconds. @throws TypeError */
  freeze(ms: number): void;
  /**
   * Breaks the streams between this server and the fixture's, and refuses new ones. After a failure stanzas bounce at once for a while, which `limits: { peerRetryMs: 20 }` shortens.
   * @returns a function that mends it.
   */
  cut(): () => void;
  /** Breaks the streams between this server and the fixture's, and gives each new one of this server a wrong dialback key. @returns a function that mends it. */
  wrongKey(): () => void;
}

/**
 * A running server for tests: stub services, clients, a log of requests, faults.
 * @public
 */
export interface ChopChopFixture {
  /** The addresses and ports of XMPP over TCP. */
  readonly addresses: readonly BoundAddress[];
  /** All its addresses, by protocol; none after {@link ChopChopFixture.stop}. */
  readonly listening: Listening;
  /** The first of {@link ChopChopFixture.addresses}. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
  /** The first address of HTTP for browsers, as `http://127.0.0.1:8080`; `''` without the option `web`, and after {@link ChopChopFixture.stop}. */
  readonly webUrl: string;
  /** The address of the console with its token; `''` without the option `console`, and after {@link ChopChopFixture.stop}. */
  readonly consoleUrl: string;
  /** The first domain that it serves. */
  readonly domain: string;
  /** All domains that it serves. */
  readonly domains: readonly string[];
  /** The members of its cluster with the option `cluster: { members }`, the first of which is this server; otherwise none. @beta */
  readonly members: readonly FixtureMember[];
  /** The other servers of the option `peers`; otherwise none. @beta */
  readonly peers: readonly FixturePeer[];
  /** The number that random faults draw from. */
  readonly seed: number;
  /** Requests to replayed services that are not in the recording; the first 1,000. */
  readonly notRecorded: readonly NotRecorded[];
  /** The requests without a complete answer. */
  readonly unanswered: readonly Exchange[];

  /**
   * Starts a stub service: a listener that registers with the router, and workers.
   * @returns a promise that resolves when it is registered; {@link ChopChopFixture.connect} and {@link ChopChopFixture.request} wait for it too.
   */
  service(name: string, methods: Methods, options?: StubOptions): Promise<Stub>;
  /** Resolves when all stub services are registered. @throws the error of one that cannot start. */
  ready(): Promise<void>;
  /** Logs a client in, after all stub services have registered. The fixture closes it when it stops. @throws LoginError, TypeError */
  connect(options?: FixtureClientOptions): Promise<OsrfClient>;
  /** Sends one request from the fixture's own client. @returns its first result, or undefined. @throws OsrfError, OsrfTimeout */
  // biome-ignore lint/suspicious/noExplicitAny: JSON, of which the test knows the shape
  request(service: string, method: string, ...params: unknown[]): Promise<any>;
  /**
   * Resolves when a service is registered.
   * @param options Milliseconds to wait, 10,000 by default, and the domain of the router; by default any.
   * @throws OsrfTimeout, TypeError
   */
  waitForService(service: string, options?: { readonly timeoutMs?: number; readonly domain?: string }): Promise<void>;
  /** The names of the registered services. */
  services(): string[];
  /** The JIDs of all sessions, of stubs and of other programs. A component has the JID of its domain. */
  sessions(): string[];
  /**
   * The requests since the start or the last {@link ChopChopFixture.reset}, of all clients, in order. The newest 10,000 are kept, up to 64 MiB.
   * @throws TypeError for a filter with an unknown name.
   */
  received(filter?: RequestFilter): Exchange[];
  /** Resolves with the first request that the filter selects, past or future. @param timeoutMs 10,000 by default. @throws OsrfTimeout, TypeError */
  waitForRequest(filter: RequestFilter, timeoutMs?: number): Promise<Exchange>;
  /** Checks the number of matching requests; by default at least one. @throws VerificationError with the requests that came; TypeError */
  verify(filter: RequestFilter, times?: Times): void;
  /** Checks the order of requests; others may come in between. @throws VerificationError with the requests that came; TypeError */
  verifyOrder(...filters: readonly RequestFilter[]): void;
  /** The methods of stubs, and the cases of stub files, that have answered no request since they were started. */
  unusedStubs(): UnusedStub[];
  /** Adds a fault. @throws TypeError for options without exactly one action, or with an unknown name. */
  fault(options: FaultOptions): Fault;
  /**
   * Resets the fixture between tests; by default `stubs`, `log` and `faults`. Stubs of files and recordings start again; `sessions` closes all sessions except
   * the stubs'.
   */
  reset(...scopes: readonly ResetScope[]): Promise<void>;
  /**
   * The environment for a child process: `OSRF_HOST`, `OSRF_PORT`, `OSRF_DOMAIN`, `OSRF_USERNAME`, `OSRF_PASSWORD`, `OSRF_ROUTER`, `OSRF_WEB_URL` with the option `web`, and
   * `OSRF_HOSTNAME`, which OpenSRF's Perl library reads.
   */
  env(): Record<string, string>;
  /**
   * Writes `opensrf_core.xml`, `opensrf.xml` and `srfsh.xml` with the real port, accounts and domains.
   * @param folder Created if it is missing.
   * @param services The services that `opensrf.xml` has settings for; by default the registered ones.
   * @throws Error if a file cannot be written.
   */
  writeConfig(folder: string, services?: readonly string[]): SiteFiles;
  /**
   * Writes one page, which needs no other file, of all requests since the start, also those before a {@link ChopChopFixture.reset}: first the failed and unanswered ones, with
   * sequence diagrams; and their data beside it, as `*.ndjson`. Existing files are replaced. Works after {@link ChopChopFixture.stop} too.
   * @throws Error if a file cannot be written.
   */
  report(file: string, options?: { readonly title?: string }): Promise<ReportFiles>;
  /**
   * Stops clients, stubs and server. Resolves when every socket is closed. Pending and later calls fail with "the fixture was stopped"; the log of
   * requests stays.
   * @throws RecordingError if a recording could not be written.
   */
  stop(): Promise<void>;
  /** Calls {@link ChopChopFixture.stop}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a Jabber server with OpenSRF's routers in this process, for a test. Several may run side by side.
 *
 *     await using jabber = await startChopChop();
 *     await jabber.service('opensrf.math', { add: (a, b) => a + b });
 *     const client = await jabber.connect();
 *     await client.request('opensrf.math', 'add', 2, 2); // 4
 *     jabber.verify({ service: 'opensrf.math', method: 'add', params: [2, 2] }, 1);
 * @throws ConfigError, ListenError, CertificateError, SettingsError, StubFileError, RecordingError; TypeError for an invalid fault. Nothing is left running.
 * @public
 */
export async function startChopChop(options: FixtureOptions = {}): Promise<ChopChopFixture> {
  const place = callerOf(startChopChop);
  // Loaded on demand: not every test file that imports the library starts a server.
  const implementation = await import('../fixture/fixture.ts');
  return implementation.ChopChopFixture.start(options, place);
}
