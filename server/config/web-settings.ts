import { setting } from './setting.ts';
import { ORIGIN } from './transports.ts';
import { list } from './values/lists.ts';
import { PORTS } from './values/numbers.ts';
import { text } from './values/texts.ts';
import { ACCOUNT_ADDRESS, PROXY, SERVICE_PATTERN } from './values/web.ts';

const WEB = 'Web';

/** HTTP: the gateways for browsers, and XMPP over WebSocket. */
export interface WebConfig {
  /** On all addresses of `hosts`. 0, if alone: any free port. */
  readonly ports: readonly number[];
  /** The same, with TLS from the first byte. */
  readonly tlsPorts: readonly number[];
  /** Empty: the addresses of the server. */
  readonly hosts: readonly string[];
  /** Trusted proxies: addresses, networks, or names known to `proxy-addr`. */
  readonly trustProxy: readonly string[];
  /** Origins of pages that may use it, as `https://HOST:PORT`, or `*`, besides the server's own. */
  readonly origins: readonly string[];
  /** The same from `<cross_origin>`: `HOST[:PORT]` of either scheme, or `*`. */
  readonly crossOrigins: readonly string[];
  /** `NAME@DOMAIN` of the gateways' account; null: the first account that is not a router's. */
  readonly user: string | null;
  /** Patterns of the services at `/services`; empty: the path does not exist. */
  readonly services: readonly string[];
}

/** HTTP for browsers. */
export const WEB_SETTINGS = {
  'web.ports': setting({
    option: 'web-port',
    type: PORTS,
    group: WEB,
    fallback: [],
    describe: 'Serve HTTP on this port: /osrf-websocket-translator, /osrf-gateway-v1, /osrf-http-translator, /xmpp-websocket; 0: any free one',
  }),
  'web.tlsPorts': setting({
    option: 'web-tls-port',
    type: PORTS,
    group: WEB,
    fallback: [],
    describe: 'Serve the same with TLS from the first byte on this port (usual: 7682, where opensrf.js looks)',
  }),
  'web.hosts': setting({
    option: 'web-host',
    type: list(text('an address to listen on'), { commas: true }),
    group: WEB,
    fallback: [],
    shownDefault: 'the addresses of --host',
    describe: 'Serve HTTP on this address (repeatable)',
  }),
  'web.trustProxy': setting({
    option: 'web-trust-proxy',
    type: list(PROXY, { commas: true }),
    group: WEB,
    fallback: [],
    shownDefault: 'none',
    describe: "Believe this proxy's X-Forwarded-For, X-Forwarded-Proto and Forwarded: an address, a network or loopback (repeatable)",
  }),
  'web.origins': setting({
    option: 'web-origin',
    type: list(ORIGIN, { commas: true }),
    group: WEB,
    fallback: [],
    shownDefault: 'pages of this machine, of the served domains and of the requested host; and <cross_origin> of --config',
    describe: 'Let web pages of this origin use the gateways and WebSockets, as https://example.org, or "*" (repeatable)',
  }),
  'web.crossOrigins': setting({
    option: '',
    type: list(text('a host'), { commas: false }),
    group: WEB,
    element: '',
    fallback: [],
    describe: 'The hosts of pages that <cross_origin> lets use the gateways',
  }),
  'web.user': setting({
    option: 'web-user',
    type: ACCOUNT_ADDRESS,
    group: WEB,
    shownDefault: "<gateway> of --config, else the first account that is not a router's",
    describe: 'Log the gateways in as this account, NAME@DOMAIN; browsers reach the services of its domain',
  }),
  'web.services': setting({
    option: 'web-services',
    type: list(SERVICE_PATTERN, { commas: true }),
    group: WEB,
    fallback: [],
    shownDefault: 'none',
    describe: 'Serve POST /services/SERVICE/METHOD for the services that this pattern matches, as open-ils.* (repeatable)',
  }),
} as const;
