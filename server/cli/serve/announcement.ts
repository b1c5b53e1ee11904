import type { ComponentsConfig } from '../../config/components.ts';
import { type ChopChopConfig, routerName } from '../../config/config.ts';
import { DEFAULT_HOST, DEFAULT_PASSWORD } from '../../config/defaults.ts';
import { formatProblem } from '../../config/problem.ts';
import type { Resolved } from '../../config/sources/resolve.ts';
import type { Trust } from '../../config/values/trust.ts';
import { VERSION } from '../../kernel/version.ts';
import type { BoundAddress } from '../../net/tcp.ts';
import { type Listening, webUrl } from '../../streams/listeners.ts';
import type { ServedControl } from './serve-control.ts';

/** The ready file: everything that a waiting program needs. */
export function readyJson(config: ChopChopConfig, listening: Listening, control: ServedControl | null): string {
  const { domains } = config;
  const ready = { pid: process.pid, version: VERSION, ...listening, domains, routers: routersOf(config), control: control?.announcement ?? null };
  return `${JSON.stringify(ready)}\n`;
}

function routersOf({ domains, router }: ChopChopConfig): string[] {
  return domains.map((domain) => `${routerName(router, domain)}@${domain}/router`);
}

/** The output of `--check-config`: every setting, as JSON, without passwords and secrets. */
export function description({ config, log, control, missingNames, warnings }: Resolved): string {
  const { domains, accounts, unix, router, components, s2s } = config;
  const trusted = (which: Trust) => Object.fromEntries(domains.map((domain) => [domain, which.get(domain) ?? domains]));
  const described = {
    ...config,
    accounts: accounts.map(({ username, domain }) => `${username}@${domain}`),
    unix: { ...unix, mode: unix.mode.toString(8) },
    routers: routersOf(config),
    router: { ...router, names: undefined, trustedServers: trusted(router.trustedServers), trustedClients: trusted(router.trustedClients) },
    components: describedComponents(components),
    s2s: { port: s2s.port, peers: s2s.peers },
    control: control === null ? null : { ...control.place, ownSocket: control.ownSocket, file: control.file, tokenFile: control.tokenFile },
    log,
    missingNames,
    warnings: warnings.map(formatProblem),
  };
  return `${JSON.stringify(described, null, 2)}\n`;
}

function describedComponents({ port, secrets, secret, conflict }: ComponentsConfig): object {
  return { port, domains: [...secrets.keys(), ...(secret === '' ? [] : ['*'])], conflict };
}

/** The banner for a terminal. */
export function banner({ config, missingNames }: Resolved, listening: Listening, control: ServedControl | null): string {
  const [first] = listening.c2s as readonly [BoundAddress, ...BoundAddress[]];
  const [domain] = config.domains;
  const account = config.accounts.find((one) => one.domain === domain && one.username !== routerName(config.router, one.domain));
  const lines = [
    `opensrf-chopchop ${VERSION}`,
    '',
    ...placesOf(listening).map(([name, places]) => `  ${name.padEnd(10)} ${places.join('  ')}`),
    `  routers    ${routersOf(config).join('  ')}`,
    `  accounts   ${accountNames(config).join('  ')}`,
    ...(config.settings === null ? [] : [`  settings   opensrf.settings from ${config.settings.file}`]),
    ...(control?.consoleUrl == null ? [] : [`  console    ${control.consoleUrl}`]),
    '',
    '  In opensrf_core.xml (and every other domain likewise):',
    `    <domain>${domain}</domain> <port>${first.port}</port> <username>${account?.username ?? 'NAME'}</username> <passwd>${shown(account?.password)}</passwd>`,
    ...(missingNames.length === 0 ? [] : ['  In /etc/hosts, unless these names resolve already:', `    ${DEFAULT_HOST} ${missingNames.join(' ')}`]),
    ...(config.tls?.certificate === 'self-signed' && listening.webTls.length > 0 ? SELF_SIGNED_HINT : []),
    '',
    '  Ctrl-C stops it.',
    '',
  ];
  return `${lines.join('\n')}\n`;
}

/** A browser asks no question for a WebSocket: it fails silently. */
const SELF_SIGNED_HINT = ['  Open the https address once in the browser and accept its certificate, or its WebSockets fail silently.'];

/** The addresses that the server listens on, by kind. */
function placesOf({ c2s, tls, unix, web, webTls, websocket, components, s2s }: Listening): [name: string, places: readonly string[]][] {
  const shown = (addresses: readonly BoundAddress[]) => addresses.map(({ host, port }) => `${host}:${port}`);
  const all: [string, readonly string[]][] = [
    ['listening', shown(c2s)],
    ['TLS', shown(tls)],
    ['Unix', unix],
    ['web', [...web.map((address) => `${webUrl('http', address)}/`), ...webTls.map((address) => `${webUrl('https', address)}/`)]],
    ['WebSocket', websocket.map(({ url }) => url)],
    ['components', shown(components)],
    ['servers', shown(s2s)],
  ];
  return all.filter(([, places]) => places.length > 0);
}

/** Each name once if all domains have it with one password, else with its domain. */
function accountNames({ accounts, domains }: ChopChopConfig): string[] {
  const names = [...new Set(accounts.map(({ username }) => username))];
  return names.flatMap((name) => {
    const same = accounts.filter(({ username }) => username === name);
    const everywhere = same.length === domains.length && new Set(same.map(({ password }) => password)).size === 1;
    return everywhere ? [`${name}:${shown(same[0]?.password)}`] : same.map(({ domain, password }) => `${name}:${shown(password)}@${domain}`);
  });
}

/** Shows only the default password. */
function shown(password: string | undefined): string {
  return password === DEFAULT_PASSWORD ? password : '***';
}
