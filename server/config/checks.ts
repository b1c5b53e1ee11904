import { isLoopback } from '../kernel/loopback.ts';
import type { Account } from './account.ts';
import type { ComponentsConfig } from './components.ts';
import { DEFAULT_HOST, DEFAULT_PASSWORD } from './defaults.ts';
import type { Problems } from './problem.ts';
import type { PeerServer } from './values/peers.ts';

// Checks of settings against each other. The type of each setting has checked its value.

/** Reports addresses reachable from other machines while an account has the default password. */
export function checkExposure(hosts: readonly string[], accounts: readonly Account[], problems: Problems): void {
  const reachable = hosts.filter((host) => !isLoopback(host));
  const known = new Set(accounts.filter(({ password }) => password === DEFAULT_PASSWORD).map(({ username }) => username));
  if (reachable.length === 0 || known.size === 0) return;
  const who = `${[...known].join(' and ')} ${known.size === 1 ? 'has' : 'have'}`;
  problems.add('hosts', `other machines may reach ${reachable.join(', ')}, and ${who} the default password: ${EXPOSURE_REMEDY}`, reachable[0]);
}

const EXPOSURE_REMEDY = `set others (--user NAME:PASSWORD, or the file of --config), listen on ${DEFAULT_HOST}, or add --insecure`;

/** Reports accounts of other domains. */
export function checkAccounts(accounts: readonly Account[], domains: readonly string[], problems: Problems): void {
  for (const account of accounts) {
    const { username, domain } = account;
    if (!domains.includes(domain)) problems.add('accounts', `${username}@${domain}: ${notServed(domain, domains)}`, account);
  }
}

/** Reports unserved domains in a setting. */
export function checkServed(path: string, listed: readonly string[], domains: readonly string[], problems: Problems): void {
  for (const domain of listed) if (!domains.includes(domain)) problems.add(path, notServed(domain, domains), domain);
}

/** The message for an unserved domain. */
export function notServed(domain: string, domains: readonly string[]): string {
  return `${domain} is not a served domain (${domains.join(', ')})`;
}

/** The settings that concern peer servers. */
interface PeerSettings {
  readonly s2s: { readonly port: number | null; readonly peers: readonly PeerServer[]; readonly secret: string };
  readonly tls: object | null;
  readonly cluster: object | null;
  readonly domains: readonly string[];
  readonly components: Pick<ComponentsConfig, 'secrets'>;
}

/** Checks the peer servers against the port, the certificate and the domains of this one. */
export function checkPeers(config: PeerSettings, problems: Problems): void {
  const { port, peers, secret } = config.s2s;
  if (problems.has('s2s.port', 's2s.peers')) return;
  if (port !== null && peers.length === 0) problems.add('s2s.port', 'needs --s2s-peer too: only named servers may connect');
  if (port === null && peers.length > 0) problems.add('s2s.peers', 'needs --s2s-port too: peers connect to this server there');
  if (config.cluster !== null && peers.length > 0 && secret === '')
    problems.add('s2s.secret', 'the members of a cluster with --s2s-peer need the same secret for dialback');
  for (const peer of peers) for (const problem of peerProblems(peer, config)) problems.add('s2s.peers', `${peer.domain}${problem}`, peer);
}

const WITHOUT_TLS = '; in a network of your own, set tls=optional';

function peerProblems({ domain, auth, tls: use }: PeerServer, { tls, domains, components }: PeerSettings): string[] {
  return [
    ...(domains.includes(domain) ? [' is a domain of this server'] : []),
    ...(components.secrets.has(domain) ? [' is a component of this server'] : []),
    ...(tls === null && use === 'required'
      ? [`: tls=required, the default, needs a certificate of this server (--tls-cert)${auth === 'dialback' ? WITHOUT_TLS : ''}`]
      : []),
    ...(auth === 'external' && use !== 'required' ? [': auth=external needs tls=required'] : []),
  ];
}
