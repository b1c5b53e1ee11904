import { type ChopChopConfig, gatewayAccount, routerName, servesWeb } from '../config/config.ts';
import { isLoopback } from '../kernel/loopback.ts';
import { type Finding, ok, warning } from './finding.ts';

/** Checks the web doors: the services that browsers reach, and silent refusals of browsers. */
export function checkWeb(config: ChopChopConfig): Finding[] {
  if (!servesWeb(config.web)) return [];
  return [...accountFindings(config), ...certificateFindings(config), ...openFindings(config), ...proxyFindings(config)];
}

function accountFindings(config: ChopChopConfig): Finding[] {
  const account = gatewayAccount(config);
  if (account === undefined) return [];
  const { username, domain } = account;
  const router = `${routerName(config.router, domain)}@${domain}`;
  const trusted = config.router.trustedClients.get(domain) ?? config.domains;
  if (!trusted.includes(domain))
    return [
      warning(
        `browsers log in as ${username}@${domain}, and ${router} refuses its requests`,
        `add <client>${domain}</client> to the trusted domains of ${router}`,
      ),
    ];
  return [ok(`browsers log in as ${username}@${domain} and reach the services of ${router}`)];
}

function certificateFindings({ web, tls }: ChopChopConfig): Finding[] {
  if (web.tlsPorts.length === 0 || tls?.certificate !== 'self-signed') return [];
  const port = web.tlsPorts.find((one) => one > 0);
  const address = port === undefined ? 'the https address of the banner' : `https://HOST:${port}/`;
  return [
    warning(
      'browsers silently refuse WebSockets with a self-signed certificate',
      `open ${address} in the browser and accept the certificate, after each start of the server`,
    ),
  ];
}

function openFindings({ web, websocket }: ChopChopConfig): Finding[] {
  if (![...web.origins, ...websocket.origins, ...web.crossOrigins].includes('*') || web.services.length === 0) return [];
  return [
    warning(`every web page may call ${web.services.join(', ')}`, 'name the origins of your pages with --web-origin, and in <cross_origin>, instead of *'),
  ];
}

function proxyFindings({ web, hosts }: ChopChopConfig): Finding[] {
  const addresses = web.hosts.length === 0 ? hosts : web.hosts;
  if (web.trustProxy.length > 0 || !addresses.every(isLoopback) || web.tlsPorts.length > 0) return [];
  return [ok('the web port is for this machine only; behind a proxy, --web-trust-proxy loopback logs the addresses of browsers')];
}
