import type { Problems } from './problem.ts';
import { good, refused, type ValueType, valueType } from './values/value-type.ts';

/** Whether to accept PLAIN and `jabber:iq:auth` on connections that an attacker could read. */
export const PLAINTEXT_LOGINS = ['allow', 'loopback', 'never'] as const;

/**
 * `allow`: from everywhere. `loopback`: from another host only over TLS. `never`: only over TLS or a Unix domain socket.
 */
export type PlaintextLogin = (typeof PLAINTEXT_LOGINS)[number];

/** PEM files: the certificate followed by its intermediate certificates, and its private key. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** TLS: by STARTTLS on all ports, and from the first byte on some. */
export interface TlsConfig {
  /** `self-signed`: made by the server at its start. */
  readonly certificate: CertificateFiles | 'self-signed';
  /** Ports with TLS from the first byte, on all addresses. 0, if alone: any free port. */
  readonly ports: readonly number[];
  /** Whether logins over TCP require it. */
  readonly required: boolean;
}

/** TLS as the input of a configuration. */
export type TlsInput = Pick<TlsConfig, 'certificate'> & Partial<TlsConfig>;

/** Unix domain sockets. */
export interface UnixConfig {
  readonly paths: readonly string[];
  /** Their permissions, as 0o660. */
  readonly mode: number;
}

/** WebSockets (RFC 7395), on HTTP ports of their own. */
export interface WebSocketConfig {
  /** On all addresses. 0, if alone: any free port. */
  readonly ports: readonly number[];
  /** The same, with TLS from the first byte. */
  readonly tlsPorts: readonly number[];
  /** Origins of pages that may use it, like those of `web`. */
  readonly origins: readonly string[];
}

const CERTIFICATE_WANTS = "'self-signed', or the files { certificate, key }";

/** A certificate in the input of a program. Options and elements have a separate setting for each file. */
export const CERTIFICATE: ValueType<TlsConfig['certificate']> = {
  ...valueType<TlsConfig['certificate']>({ wants: CERTIFICATE_WANTS, read: (text) => (text === 'self-signed' ? text : null) }),
  take(given) {
    if (given === 'self-signed') return good(given);
    if (typeof given !== 'object' || given === null) return refused(`needs ${CERTIFICATE_WANTS}`);
    const { certificate, key } = given as Partial<Record<keyof CertificateFiles, unknown>>;
    const wrong = Object.entries({ certificate, key }).filter(([, file]) => typeof file !== 'string' || file.trim() === '');
    return wrong.length === 0 ? good(given as CertificateFiles) : refused(...wrong.map(([name]) => `needs the name of a file as ${name}`));
  },
};

/** The origin of a web page, in the browser's format. */
export const ORIGIN = valueType<string>({
  wants: 'an origin, as https://example.org, or *',
  read: (text) => (text === '*' || /^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]+$/.test(text) ? text : null),
});

/** Reports a port used by two kinds of listeners. @param kinds Ports by the path of their setting. */
export function checkSharedPorts(kinds: Readonly<Record<string, readonly number[]>>, problems: Problems): void {
  const owners = new Map<number, string>();
  for (const [path, ports] of Object.entries(kinds)) {
    for (const port of ports) {
      const owner = owners.get(port);
      if (port > 0 && owner !== undefined && owner !== path) problems.add(path, `port ${port} is taken by ${problems.nameOf(owner)}`);
      owners.set(port, path);
    }
  }
}

/** Reports Unix domain sockets whose path depends on the working directory. */
export function checkUnix({ paths }: UnixConfig, problems: Problems): void {
  for (const path of paths) if (!path.startsWith('/')) problems.add('unix.paths', `"${path}" is not an absolute path`, path);
}
