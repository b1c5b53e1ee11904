import { platform, release } from 'node:os';
import { type Element, text, xml } from '../../shared/element.ts';
import { StanzaError } from '../../shared/errors.ts';
import { NS } from '../../shared/namespaces.ts';
import { VERSION } from '../kernel/version.ts';
import { discoInfo, discoItems, type HostItem } from './disco.ts';

/** What a host tells of itself. */
export interface HostFacts {
  /** Milliseconds since 1970. */
  now(): number;
  /** When the server began to serve, likewise. */
  startedAt(): number;
  /** What else has an address of its own and belongs to this host. */
  items(domain: string): readonly HostItem[];
  /** The longest query that is read. */
  readonly queryBytes: number;
}

/** Answers the payload of an iq: with a payload, nothing, or an error. */
export type Service = (payload: Element, domain: string, facts: HostFacts) => string | StanzaError;

/** RFC 3921 §3: asked for by clients of the years before RFC 6121, of the host or of nobody in particular, and nothing to do. */
const SESSION: [string, Service] = [`set ${NS.session}`, () => ''];

/** What a host answers for itself, by iq type and namespace of the payload. */
export const HOST_SERVICES: ReadonlyMap<string, Service> = new Map<string, Service>([
  [`get ${NS.ping}`, () => ''],
  [`get ${NS.version}`, version],
  [`get ${NS.time}`, (_payload, _domain, facts) => time(facts.now())],
  [`get ${NS.last}`, (_payload, _domain, facts) => uptime(facts)],
  [`get ${NS.discoInfo}`, (payload) => discoInfo(payload, { category: 'server', type: 'im', name: 'opensrf-chopchop' }, HOST_FEATURES)],
  [`get ${NS.discoItems}`, (payload, domain, facts) => discoItems(payload, facts.items(domain))],
  SESSION,
]);

const HOST_FEATURES = [NS.discoInfo, NS.discoItems, NS.ping, NS.version, NS.time, NS.last];

/** What a host answers an account's own sessions on its behalf (RFC 6121 §8.5.2.1.3). */
export const ACCOUNT_SERVICES: ReadonlyMap<string, Service> = new Map<string, Service>([
  [`get ${NS.ping}`, () => ''],
  // RFC 6121 §2.1.4: a list of contacts that has none.
  [`get ${NS.roster}`, () => xml('query', { xmlns: NS.roster })],
  [`set ${NS.roster}`, () => new StanzaError('not-allowed', 'this server keeps no contacts')],
  SESSION,
  [`get ${NS.discoInfo}`, (payload) => discoInfo(payload, { category: 'account', type: 'registered', name: '' }, ACCOUNT_FEATURES)],
  [`get ${NS.discoItems}`, (payload) => discoItems(payload, [])],
]);

/** What a router answers at the address under which its host has it among its items (XEP-0030 §4.1: an item can be asked in its turn). */
export const ROUTER_SERVICES: ReadonlyMap<string, Service> = new Map<string, Service>([
  [`get ${NS.discoInfo}`, (payload) => discoInfo(payload, { category: 'component', type: 'generic', name: ROUTER_NAME }, ROUTER_FEATURES)],
  [`get ${NS.discoItems}`, (payload) => discoItems(payload, [])],
]);

/** For a person. */
export const ROUTER_NAME = 'OpenSRF router';

const ROUTER_FEATURES = [NS.discoInfo, NS.discoItems];

const ACCOUNT_FEATURES = [NS.discoInfo, NS.discoItems, NS.ping];

/** XEP-0092 */
function version(): string {
  return xml(
    'query',
    { xmlns: NS.version },
    xml('name', {}, 'opensrf-chopchop'),
    xml('version', {}, text(VERSION)),
    xml('os', {}, text(`${platform()} ${release()}`)),
  );
}

/** XEP-0202: the time in UTC, and how far the clocks on the wall here are from it. */
function time(now: number): string {
  const date = new Date(now);
  const utc = date.toISOString().replace(/\.\d+Z$/, 'Z');
  return xml('time', { xmlns: NS.time }, xml('tzo', {}, zoneOffset(-date.getTimezoneOffset())), xml('utc', {}, utc));
}

/** Minutes east of Greenwich as XEP-0082 writes them. */
function zoneOffset(minutes: number): string {
  if (minutes === 0) return 'Z';
  const hours = String(Math.floor(Math.abs(minutes) / 60)).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${hours}:${String(Math.abs(minutes) % 60).padStart(2, '0')}`;
}

/** XEP-0012 §5: of a server, the seconds since it was started. */
function uptime({ now, startedAt }: HostFacts): string {
  return xml('query', { xmlns: NS.last, seconds: String(Math.max(0, Math.floor((now() - startedAt()) / 1000))) });
}
