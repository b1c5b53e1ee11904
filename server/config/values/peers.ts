import { isIP } from 'node:net';
import { normalizeDomain } from '../../../shared/jid.ts';
import { isObject } from '../../kernel/option-kinds.ts';
import { allOf } from './lists.ts';
import { REMOTE_PORT } from './numbers.ts';
import { good, type Reading, refused, repeatable } from './value-type.ts';

/** How a peer server proves its domain: by dialback, or by a certificate alone. */
export type PeerAuth = 'dialback' | 'external';
/** Whether streams with a peer server are encrypted. */
export type PeerTlsUse = 'off' | 'optional' | 'required';

/** Another Jabber server that this one talks to. */
export interface PeerServer {
  readonly domain: string;
  /** Its host name or address; `''`: looked up. */
  readonly host: string;
  readonly port: number;
  /** `dialback`: a good certificate is enough too. */
  readonly auth: PeerAuth;
  readonly tls: PeerTlsUse;
  /** Whether its router may set `router_from`. */
  readonly router: boolean;
  /** A file of certificates (PEM) that sign its certificate; `''`: the usual ones. */
  readonly ca: string;
}

/** The port of servers (RFC 6120 §14.7). */
export const PEER_PORT = 5269;

const WANTS = 'a peer as DOMAIN[=ADDRESS[:PORT]][,auth=dialback|external][,tls=off|optional|required][,router=yes|no][,ca=FILE]';
const WORDS: Readonly<Record<string, readonly string[]>> = { auth: ['dialback', 'external'], tls: ['off', 'optional', 'required'], router: ['yes', 'no'] };
const NAMES = ['domain', 'address', ...Object.keys(WORDS), 'ca'];
/** Loopback addresses, and those of private networks (RFC 1918, RFC 4193). */
const PRIVATE = /^(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|::1$|f[cd])/i;

/** Peer servers, separated by blanks. */
export const PEERS = repeatable<readonly PeerServer[]>({
  wants: WANTS,
  parse: parsePeers,
  take(given) {
    if (typeof given === 'string') return parsePeers(given);
    return Array.isArray(given) ? allDifferent(allOf(given, takePeer)) : refused('needs a list of peers');
  },
  join: (values) => allDifferent(good(values.flat())),
});

function parsePeers(text: string): Reading<readonly PeerServer[]> {
  const parts = text.trim().split(/\s+/);
  return parts[0] === '' ? refused(`needs ${WANTS}`) : allDifferent(allOf(parts, parsePeer));
}

function parsePeer(text: string): Reading<PeerServer> {
  const [first = '', ...parts] = text.split(',');
  const [domain = '', address = ''] = split(first);
  return peerOf(new Map([['domain', domain], ['address', address], ...parts.map(split)]), first.endsWith('='));
}

function split(part: string): [string, string] {
  const at = part.indexOf('=');
  return at === -1 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
}

function takePeer(given: unknown): Reading<PeerServer> {
  if (typeof given === 'string') return parsePeer(given);
  return isObject(given) && typeof given['host'] === 'string' ? good(given as unknown as PeerServer) : refused(`needs ${WANTS}`);
}

function peerOf(fields: ReadonlyMap<string, string>, noAddress: boolean): Reading<PeerServer> {
  const given = fields.get('domain') ?? '';
  const domain = normalizeDomain(given);
  if (domain === null) return refused(`${given === '' ? 'a peer without a domain' : `"${given}" is not a domain`}; needs ${WANTS}`);
  const wrong = [...fields].flatMap(([name, value]) => problemOf(name, value));
  const address = addressOf(fields.get('address') ?? '');
  if (address === null || noAddress) wrong.push(`"${fields.get('address') ?? ''}" is not ADDRESS[:PORT]`);
  if (wrong.length > 0 || address === null) return refused(...wrong.map((text) => `${domain}: ${text}`));
  return good({ domain, ...address, ...rulesOf(fields, address.host) });
}

function rulesOf(fields: ReadonlyMap<string, string>, host: string): Omit<PeerServer, 'domain' | 'host' | 'port'> {
  // Others could listen and pretend: without TLS only where the user says so, and the network is the user's own.
  const fallback = fields.get('auth') === 'dialback' && PRIVATE.test(host) ? 'optional' : 'required';
  return {
    auth: (fields.get('auth') ?? 'dialback') as PeerAuth,
    tls: (fields.get('tls') ?? fallback) as PeerTlsUse,
    router: fields.get('router') === 'yes',
    ca: fields.get('ca') ?? '',
  };
}

function problemOf(name: string, value: string): string[] {
  if (!NAMES.includes(name)) return [`"${name}" is not one of ${NAMES.slice(2).join(', ')}`];
  const words = WORDS[name];
  if (words !== undefined && !words.includes(value)) return [`${name}=${value} is not one of ${words.join(', ')}`];
  return name === 'ca' && value === '' ? ['ca needs the name of a file'] : [];
}

function addressOf(text: string): Pick<PeerServer, 'host' | 'port'> | null {
  if (text === '') return { host: '', port: PEER_PORT };
  if (isIP(text) !== 0) return { host: text, port: PEER_PORT };
  const [, six = '', name = '', port = String(PEER_PORT)] = /^(?:\[([^\]]+)\]|([^\s:/@]+))(?::(\d+))?$/.exec(text) ?? [];
  const reading = REMOTE_PORT.parse(port);
  if (!reading.ok || (six === '' ? normalizeDomain(name) === null : isIP(six) !== 6)) return null;
  return { host: six === '' ? name.toLowerCase() : six, port: reading.value };
}

function allDifferent(reading: Reading<readonly PeerServer[]>): Reading<readonly PeerServer[]> {
  const domains = reading.ok ? reading.value.map(({ domain }) => domain) : [];
  const twice = domains.find((domain, index) => domains.indexOf(domain) !== index);
  return twice === undefined ? reading : refused(`${twice} is given twice`);
}
