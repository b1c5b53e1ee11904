import type { FaultOptions } from './faults.ts';
import type { Limits } from './limits.ts';
import type { ReplayMode } from './recording.ts';
import type {
  Account,
  ClusterOptions,
  ComponentsOptions,
  Log,
  RouterOptions,
  S2sOptions,
  SettingsOptions,
  TlsOptions,
  UnixOptions,
  WebOptions,
  WebSocketOptions,
} from './server-options.ts';

/**
 * A cluster in this process, for tests: several servers that act as one, without NATS.
 * @beta
 */
export interface FixtureCluster {
  /** The number of its servers, from 2 to 16. */
  readonly members: number;
  /** The listeners that get requests: those of all members (`all`, the default), or those of the client's member while one of them can take them (`local`). */
  readonly balance?: 'all' | 'local';
}

/**
 * The options of `startChopChop`, all optional. An option here takes precedence over the file of `config`.
 * New versions may add options.
 * @public
 */
export interface FixtureOptions {
  /** An `opensrf_core.xml` with domains, accounts, ports, routers and trusted domains. */
  readonly config?: string;
  /** The domains to serve, each with a router; `localhost` by default. */
  readonly domains?: readonly string[];
  /** By default `opensrf` and `router` with password `password` on each domain. */
  readonly accounts?: readonly Account[];
  /** Addresses to listen on; by default the loopback addresses that the domains have in /etc/hosts, or 127.0.0.1. */
  readonly hosts?: readonly string[];
  /** The port to listen on; 0, the default: any free one. */
  readonly port?: number;
  /** Several ports, each on all addresses; in place of `port`. */
  readonly ports?: readonly number[];
  /** TLS; null, the default: none. */
  readonly tls?: TlsOptions | null;
  /** Unix domain sockets to listen on. */
  readonly unix?: UnixOptions;
  /** Ports for WebSockets. */
  readonly websocket?: WebSocketOptions;
  /** Ports for browsers; true: any free HTTP port. None by default. */
  readonly web?: boolean | WebOptions;
  /** Whether to allow passwords without TLS: everywhere (`allow`, the default), from this machine (`loopback`), or only over Unix domain sockets (`never`). */
  readonly plaintextLogin?: 'allow' | 'loopback' | 'never';
  /** The routers. */
  readonly router?: RouterOptions;
  /** The built-in `opensrf.settings`; null, the default: none. */
  readonly settings?: SettingsOptions | null;
  /** External components. */
  readonly components?: ComponentsOptions;
  /** The cluster that the server is a member of, or one in this process; null, the default: the server is alone. */
  readonly cluster?: ClusterOptions | FixtureCluster | null;
  /**
   * Other servers in this process that are peers of this one, each its domain or its domains; without `s2s`. They have the limits and the router rules of this one, and all
   * trust each other. @beta
   */
  readonly peers?: readonly (string | readonly string[])[];
  /** Other Jabber servers. */
  readonly s2s?: S2sOptions;
  /** Limits that differ from their defaults. */
  readonly limits?: Partial<Limits>;
  /** Prefixes of the names of methods whose parameters are hidden in logs and recordings. */
  readonly logProtect?: readonly string[];
  /** Whether to listen on an address that other machines can reach although an account has the default password, and to reach NATS on other machines without TLS; false by default. */
  readonly insecure?: boolean;
  /** Whether the running fixture keeps the process alive; false by default: a fixture that is not stopped is named at the end of the process. */
  readonly keepAlive?: boolean;
  /** Whether to open the console at a free port of 127.0.0.1, and to print its address on standard error; false by default. */
  readonly console?: boolean;
  /** Receives the server's log lines; no log by default. */
  readonly log?: Log;
  /** A folder of stub services, as YAML or JSON files. */
  readonly stubs?: string;
  /** A file to write: each request with its answer, as a line of JSON. */
  readonly record?: string;
  /** A recording, whose services give the recorded answers. */
  readonly replay?: string;
  /** The answer of a replayed service to a request that is not in the file; `lenient` by default. */
  readonly replayMode?: ReplayMode;
  /** Faults from the start. */
  readonly faults?: readonly FaultOptions[];
  /** The seed of random faults, a whole number; random by default. */
  readonly seed?: number;
}
