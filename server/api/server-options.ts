/**
 * An account of one domain.
 * @public
 */
export interface Account {
  /** Its name. */
  readonly username: string;
  /** Its domain, which the server must serve. */
  readonly domain: string;
  /** Its password. */
  readonly password: string;
}

/**
 * The routers of a server, one for each domain.
 * @public
 */
export interface RouterOptions {
  /** The account of the routers, the local part of their addresses; `router` by default. */
  readonly name?: string;
  /** Another account by the router's domain. */
  readonly names?: ReadonlyMap<string, string>;
  /** By the router's domain: the domains whose sessions may register services and query. All served domains by default. */
  readonly trustedServers?: ReadonlyMap<string, readonly string[]>;
  /** By the router's domain: the domains whose sessions may send requests. All served domains by default. */
  readonly trustedClients?: ReadonlyMap<string, readonly string[]>;
  /** The strategy that chooses the listener for a request; `round-robin` by default. */
  readonly balance?: 'round-robin' | 'least-outstanding';
  /**
   * The treatment of a lost listener's unanswered requests: answer them with status 503 (`error`, the default), hand them to another listener, so that they may run
   * twice (`reroute`), or do nothing (`ignore`).
   */
  readonly onListenerLoss?: 'error' | 'reroute' | 'ignore';
  /** Milliseconds in which the workers of a lost listener may still answer; 1,000 by default. */
  readonly lossGraceMs?: number;
  /** Milliseconds without a sign of life of a listener and its workers, after which its requests count as lost; 0, the default: never. */
  readonly stuckListenerMs?: number;
  /** The answer to a request for an absent service: status 404 (`status`, the default), or an error stanza (`bounce`). */
  readonly absentService?: 'status' | 'bounce';
  /** Milliseconds that the router holds a request for an absent service; 0 by default. */
  readonly holdMs?: number;
  /** Whether OpenSRF's own router may log in and take over; `allow` by default. */
  readonly externalRouter?: 'allow' | 'refuse';
  /** Domains of the routers to try, in this order, for a service without a listener; none by default. */
  readonly peers?: readonly string[];
}

/**
 * TLS: STARTTLS on all ports, and ports with TLS from the first byte.
 * @public
 */
export interface TlsOptions {
  /** PEM files of the certificate with its chain and of its private key; or `self-signed`: the server makes a certificate at the start. */
  readonly certificate: { readonly certificate: string; readonly key: string } | 'self-signed';
  /** Ports with TLS from the first byte; 0: any free one. None by default. */
  readonly ports?: readonly number[];
  /** Whether logins over TCP need TLS; false by default. */
  readonly required?: boolean;
}

/**
 * Unix domain sockets to listen on.
 * @public
 */
export interface UnixOptions {
  /** Their absolute paths; none by default. */
  readonly paths?: readonly string[];
  /** Their permissions; 0o660 by default. */
  readonly mode?: number;
}

/**
 * WebSockets (RFC 7395), at `/xmpp-websocket` of separate HTTP ports.
 * @public
 */
export interface WebSocketOptions {
  /** HTTP ports; 0: any free one. None by default. */
  readonly ports?: readonly number[];
  /** HTTPS ports; they need {@link TlsOptions}. None by default. */
  readonly tlsPorts?: readonly number[];
  /** The origins of web pages that may connect, as `https://example.org`, or `*`; by default pages of this machine and of the served domains. */
  readonly origins?: readonly string[];
}

/**
 * HTTP: OpenSRF's gateways for browsers, and XMPP over WebSocket.
 * @public
 */
export interface WebOptions {
  /** HTTP ports; 0: any free one. None by default. */
  readonly ports?: readonly number[];
  /** HTTPS ports; they need {@link TlsOptions}. None by default. */
  readonly tlsPorts?: readonly number[];
  /** Addresses to listen on; by default the server's. */
  readonly hosts?: readonly string[];
  /** Proxies whose word for a client's address counts: addresses, networks as `192.0.2.0/24`, or `loopback`. None by default. */
  readonly trustProxy?: readonly string[];
  /** The origins of web pages that may use it, as `https://example.org`, or `*`, besides pages of this machine, of the served domains and of the requested host. */
  readonly origins?: readonly string[];
  /** The hosts of such pages, as `<cross_origin>` of `opensrf_core.xml` has them: `HOST[:PORT]`, or `*`. */
  readonly crossOrigins?: readonly string[];
  /** `NAME@DOMAIN` of the account that the gateways speak as; null, the default: the first that is not a router's. */
  readonly user?: string | null;
  /** The services that `POST /services/SERVICE/METHOD` serves, with `*` for any text; none by default. */
  readonly services?: readonly string[];
}

/**
 * External components (XEP-0114): programs that connect with their own domain.
 * @public
 */
export interface ComponentsOptions {
  /** Their port; 0: any free one; null, the default: none. */
  readonly port?: number | null;
  /** Secrets by the component's domain. */
  readonly secrets?: ReadonlyMap<string, string>;
  /** A secret for every other domain that the server does not serve; `''`, the default: none. */
  readonly secret?: string;
  /** When a second component asks for a domain: refuse it (`keep`, the default), or end the first one (`replace`). */
  readonly conflict?: 'keep' | 'replace';
}

/**
 * Another Jabber server, with all its settings.
 * @beta
 */
export interface PeerServer {
  /** Its domain. */
  readonly domain: string;
  /** Its host name or address; `''`: looked up. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
  /** Whether its domain is proved by dialback or a certificate (`dialback`), or by a certificate alone (`external`). */
  readonly auth: 'dialback' | 'external';
  /** Whether streams with it are encrypted. */
  readonly tls: 'off' | 'optional' | 'required';
  /** Whether its router may set `router_from`. */
  readonly router: boolean;
  /** A file of certificates (PEM) that sign its certificate; `''`: the usual ones. */
  readonly ca: string;
}

/**
 * Streams to and from other Jabber servers.
 * @beta
 */
export interface S2sOptions {
  /** The port for them; 0: any free one; null, the default: none. */
  readonly port?: number | null;
  /** The only servers that this one talks to, each as `DOMAIN[=ADDRESS[:PORT]][,auth=dialback|external][,tls=off|optional|required][,router=yes][,ca=FILE]`. None by default. */
  readonly peers?: readonly (string | PeerServer)[];
  /** The secret of dialback keys; a random one by default. The members of a cluster with peers need the same one. */
  readonly secret?: string;
}

/**
 * The built-in `opensrf.settings`.
 * @public
 */
export interface SettingsOptions {
  /** The path of an `opensrf.xml`. */
  readonly file: string;
  /** The domains of the routers that it registers with; the first served domain by default. */
  readonly domains?: readonly string[];
}

/**
 * The cluster that a server is a member of: its members act as one server, over NATS.
 * @beta
 */
export interface ClusterOptions {
  /** The name of the cluster: 1 to 32 letters, digits, `_` and `-`. */
  readonly name: string;
  /** The name of this member, likewise; unique in the cluster. */
  readonly member: string;
  /** URLs of NATS servers, as `tls://HOST:4222`, without user information. */
  readonly nats: readonly string[];
  /** A file with NATS credentials, the seed of an nkey, or `user:password`; `''`, the default: none. */
  readonly credentialsFile?: string;
  /** A file with certificates of authorities (PEM) for the NATS servers; `''`, the default: those of Node. */
  readonly caFile?: string;
  /** The listeners that get requests: those of all members (`all`, the default), or those of this member while one of them can take them (`local`). */
  readonly balance?: 'all' | 'local';
  /** Whether this server is ready only while it is connected to NATS; false by default. */
  readonly required?: boolean;
}

/**
 * Receives the log lines of a server; a pino logger fits.
 * @public
 */
export interface Log {
  /** Negotiations. @param fields The subject of the line. @param message The event, in the past tense. */
  debug(fields: object, message: string): void;
  /** Life cycles. */
  info(fields: object, message: string): void;
  /** A peer misbehaved. */
  warn(fields: object, message: string): void;
  /** The server failed. */
  error(fields: object, message: string): void;
}
