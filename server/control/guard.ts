import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** The reason for refusing a call. */
export interface Denial {
  readonly status: 401 | 403;
  readonly reason: string;
}

/**
 * Authenticates callers. The token proves that the caller may read a file of the server's user. Host and Origin exclude foreign web pages: without the check of
 * Host, a page could resolve its own name to 127.0.0.1 (DNS rebinding) and act as ours.
 */
export class Guard {
  private readonly digest: Buffer;

  constructor(token: string) {
    this.digest = digestOf(token);
  }

  /** Refuses a call from a foreign web page. Checked for every call, including health and the console's files. */
  foreign({ headers, socket }: IncomingMessage): Denial | null {
    const { host = '', origin } = headers;
    if (!isLoopbackHost(host, socket.localPort)) return { status: 403, reason: `"${host}" is not a name of this interface; use 127.0.0.1 or localhost` };
    if (origin !== undefined && origin !== `http://${host}`) return { status: 403, reason: 'pages of other origins may not call this interface' };
    return null;
  }

  /** Refuses a call without the token (RFC 6750 §2.1). */
  unauthorized({ headers }: IncomingMessage): Denial | null {
    const token = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
    // Digests have a fixed length, so the comparison does not reveal the token's length.
    if (token !== undefined && timingSafeEqual(digestOf(token), this.digest)) return null;
    return { status: 401, reason: 'send the token of the control file: "Authorization: Bearer TOKEN"' };
  }
}

/** @param port The local port; undefined on a Unix socket, which no page can reach. */
function isLoopbackHost(host: string, port: number | undefined): boolean {
  const [, name = '', hostPort = '80'] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(host) ?? [];
  const isLoopback = name === 'localhost' || name === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name);
  return isLoopback && (port === undefined || Number(hostPort) === port);
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
