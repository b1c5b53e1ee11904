import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Why a call is not carried out. */
export interface Denial {
  readonly status: 401 | 403;
  readonly reason: string;
}

/**
 * Keeps strangers out. The token says that the caller may read a file of the server's user. Host and Origin say that a web page from elsewhere
 * is not behind it: without the check of Host, such a page could have its own name resolve to 127.0.0.1 (DNS rebinding) and be taken for ours.
 */
export class Guard {
  private readonly digest: Buffer;

  constructor(token: string) {
    this.digest = digestOf(token);
  }

  /** Whether the call comes the way our own page and programs come. Asked of every call, health and the page's files too. */
  foreign({ headers, socket }: IncomingMessage): Denial | null {
    const { host = '', origin } = headers;
    if (!isLoopbackHost(host, socket.localPort)) return { status: 403, reason: `"${host}" is no name of this interface; use 127.0.0.1 or localhost` };
    if (origin !== undefined && origin !== `http://${host}`) return { status: 403, reason: 'pages of other origins may not call this interface' };
    return null;
  }

  /** Whether the caller knows the token (RFC 6750 §2.1). */
  unauthorized({ headers }: IncomingMessage): Denial | null {
    const token = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
    // Digests are of one length, so that the comparison tells nothing of the token's.
    if (token !== undefined && timingSafeEqual(digestOf(token), this.digest)) return null;
    return { status: 401, reason: 'the token is needed: "Authorization: Bearer TOKEN", from the control file' };
  }
}

/** @param port Where it came in; undefined on a unix socket, where no page gets. */
function isLoopbackHost(host: string, port: number | undefined): boolean {
  const [, name = '', hostPort = '80'] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(host) ?? [];
  const isLoopback = name === 'localhost' || name === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name);
  return isLoopback && (port === undefined || Number(hostPort) === port);
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
