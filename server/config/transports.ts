/** Whether passwords are taken as they are (PLAIN) or as `jabber:iq:auth` has them, where somebody could listen in. */
export const PLAINTEXT_LOGINS = ['allow', 'loopback', 'never'] as const;

/**
 * `allow`: from everywhere. `loopback`: from another host only over TLS. `never`: only over TLS or a Unix domain socket.
 */
export type PlaintextLogin = (typeof PLAINTEXT_LOGINS)[number];

/** Files in PEM: the certificate with those between it and its root behind it, and its private key. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** TLS, by STARTTLS on all ports and from the first byte on some. */
export interface TlsConfig {
  /** `self-signed`: one made at the start, which nobody vouches for. */
  readonly certificate: CertificateFiles | 'self-signed';
  /** Ports that speak TLS from the first byte, on all addresses. 0, if it is the only one: any free one. */
  readonly ports: readonly number[];
  /** Whether nobody logs in over TCP without it. */
  readonly required: boolean;
}

/** What a caller may leave out. */
export type TlsInput = Pick<TlsConfig, 'certificate'> & Partial<TlsConfig>;

/** Unix domain sockets. */
export interface UnixConfig {
  readonly paths: readonly string[];
  /** Their permissions, as 0o660. */
  readonly mode: number;
}

/** WebSockets (RFC 7395), on HTTP ports of their own. */
export interface WebSocketConfig {
  /** On all addresses. 0, if it is the only one: any free one. */
  readonly ports: readonly number[];
  /** The same, with TLS from the first byte. */
  readonly tlsPorts: readonly number[];
  /** Origins of pages that may use it, as `https://HOST:PORT`, or `*`. Empty: this machine's own and those of the served domains. */
  readonly origins: readonly string[];
}

export const DEFAULT_WEBSOCKET: WebSocketConfig = Object.freeze({ ports: [], tlsPorts: [], origins: [] });
export const DEFAULT_TLS: Omit<TlsConfig, 'certificate'> = Object.freeze({ ports: [], required: false });
export const DEFAULT_UNIX: UnixConfig = Object.freeze({ paths: [], mode: 0o660 });
export const DEFAULT_PLAINTEXT_LOGIN: PlaintextLogin = 'allow';

/** What is wrong with a list of ports. @param name Of the setting. */
export function portProblems(name: string, ports: readonly number[]): string[] {
  const lowest = ports.length > 1 ? 1 : 0;
  const wrong = ports.filter((port) => !(Number.isInteger(port) && port >= lowest && port <= 65_535));
  return wrong.map((port) => `${name}: ${port} is not a number from ${lowest} to 65535`);
}

export function tlsProblems(tls: TlsConfig | null): string[] {
  if (tls === null) return [];
  const problems = portProblems('tls.ports', tls.ports);
  if (tls.certificate === 'self-signed') return problems;
  if (tls.certificate.certificate === '') problems.push('tls.certificate: the name of a file is needed');
  if (tls.certificate.key === '') problems.push('tls.certificate.key: the name of a file is needed');
  return problems;
}

export function webSocketProblems({ ports, tlsPorts, origins }: WebSocketConfig, tls: TlsConfig | null): string[] {
  const problems = [...portProblems('websocket.ports', ports), ...portProblems('websocket.tlsPorts', tlsPorts)];
  if (tls === null && tlsPorts.length > 0) problems.push('websocket.tlsPorts: there is no TLS');
  for (const origin of origins) if (!isOrigin(origin)) problems.push(`websocket.origins: "${origin}" is no origin, as https://example.org`);
  return problems;
}

function isOrigin(origin: string): boolean {
  return origin === '*' || /^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]+$/.test(origin);
}

/** Ports that two kinds of listeners want. */
export function sharedPortProblems(kinds: Readonly<Record<string, readonly number[]>>): string[] {
  const owners = new Map<number, string>();
  const problems: string[] = [];
  for (const [name, ports] of Object.entries(kinds)) {
    for (const port of ports) {
      const owner = owners.get(port);
      if (port > 0 && owner !== undefined && owner !== name) problems.push(`${name}: port ${port} is that of ${owner} already`);
      owners.set(port, name);
    }
  }
  return problems;
}

export function unixProblems({ paths, mode }: UnixConfig): string[] {
  const problems: string[] = [];
  for (const path of paths) if (!path.startsWith('/')) problems.push(`unix: "${path}" is no absolute path`);
  if (!(Number.isInteger(mode) && mode >= 0 && mode <= 0o777)) problems.push('unix.mode: must be permissions from 0 to 777, in octal');
  return problems;
}
