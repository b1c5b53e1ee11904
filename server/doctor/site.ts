import { ConfigError, formatProblem } from '../config/problem.ts';
import { type ClientSection, type OpensrfCore, type Registration, type RouterSection, readOpensrfCore } from '../config/sources/opensrf-core.ts';
import { type Finding, failure, ok, warning } from './finding.ts';

/** Whether the parts of a site's file fit together: programs and their routers, registrations, trust. */
export function checkCore(core: OpensrfCore, file: string): Finding[] {
  const findings = core.warnings.map((problem) => warning(formatProblem(problem), 'correct that option, or that line of the file'));
  const domains = new Set([...core.clients, ...core.routers].map(({ domain }) => domain));
  for (const client of core.clients) findings.push(...checkClient(core, client, file));
  for (const router of core.routers) findings.push(...checkTrust(router, domains, file));
  const opensrf = core.clients.find(({ name }) => name === 'opensrf');
  if (opensrf !== undefined) findings.push(...checkServices(core, opensrf, file));
  return findings.length === 0 ? [ok(`${file}: accounts, routers and trusted domains fit together`)] : findings;
}

function checkClient(core: OpensrfCore, { name, line, domain, routerName, port, logFile }: ClientSection, file: string): Finding[] {
  const where = `${file}:${line}: <${name}>`;
  const findings: Finding[] = [];
  if (port === 0) findings.push(failure(`${where} has no <port>, and OpenSRF's programs need one`, `add <port>5222</port> to <${name}>`));
  if (logFile === '') findings.push(failure(`${where} has no <logfile>, and C programs need one`, `add <logfile>syslog</logfile> to <${name}>`));
  const router = core.routers.find((one) => one.domain === domain);
  // Without a router in the file, the server creates one by the name that the client uses.
  if (router === undefined) return findings;
  if (router.username !== routerName) {
    const text = `${where} asks ${routerName}@${domain}, but the router there is ${router.username}@${domain} (line ${router.line})`;
    findings.push(failure(text, `set <router_name>${router.username}</router_name> in <${name}>`));
  }
  if (!router.trustedClients.includes(domain)) {
    const text = `${where} sends its requests from ${domain}, which the router of ${domain} (line ${router.line}) does not trust`;
    findings.push(failure(text, `add <client>${domain}</client> to its <trusted_domains>`));
  }
  return findings;
}

/** A trusted domain mentioned nowhere else is usually a typing mistake. */
function checkTrust({ domain, line, trustedServers, trustedClients }: RouterSection, domains: ReadonlySet<string>, file: string): Finding[] {
  const unknown = [...new Set([...trustedServers, ...trustedClients])].filter((trusted) => !domains.has(trusted));
  return unknown.map((trusted) => {
    const text = `${file}:${line}: the router of ${domain} trusts ${trusted}, which has no account in this file`;
    return warning(text, `remove ${trusted} from <trusted_domains>, or write one of ${[...domains].join(', ')}`);
  });
}

/** Whether services register with the routers that programs use. */
function checkServices(core: OpensrfCore, opensrf: ClientSection, file: string): Finding[] {
  const findings = core.registrations.flatMap((registration) => checkRegistration(core, registration, opensrf, file));
  if (core.settingsConfig === '') {
    const text = `${file}:${opensrf.line}: <opensrf> has no <settings_config>, so osrf_control asks opensrf.settings for the services to start, before that runs`;
    findings.push(warning(text, 'add <settings_config>/openils/conf/opensrf.xml</settings_config> to <opensrf>'));
  }
  const targets = core.registrations.map(({ target }) => target);
  if (targets.length === 0) {
    const text = `${file}:${opensrf.line}: <opensrf> has no <routers><router>, so no service registers anywhere`;
    return [...findings, failure(text, `add <routers><router>${opensrf.domain}</router></routers> to <opensrf>`)];
  }
  for (const { name, line, domain, routerName } of core.clients) {
    if (targets.includes(domain)) continue;
    const text = `${file}:${line}: <${name}> asks the router of ${domain}, where no service registers`;
    findings.push(failure(text, `add <router><name>${routerName}</name><domain>${domain}</domain></router> to <opensrf><routers>`));
  }
  return findings;
}

function checkRegistration(core: OpensrfCore, { target, line, routerName }: Registration, opensrf: ClientSection, file: string): Finding[] {
  const where = `${file}:${line}: services of ${opensrf.domain} register with the router of ${target}`;
  const router = core.routers.find((one) => one.domain === target);
  if (router === undefined) {
    const served = core.clients.some(({ domain }) => domain === target);
    return served
      ? []
      : [failure(`${where}, a domain not served by anything in this file`, `correct <domain>${target}</domain>, or add a <routers><router> for it`)];
  }
  const findings: Finding[] = [];
  const name = routerName || opensrf.routerName;
  if (name !== router.username) {
    findings.push(failure(`${where} as ${name}, but it is ${router.username} (line ${router.line})`, `write <name>${router.username}</name>`));
  }
  if (!router.trustedServers.includes(opensrf.domain)) {
    const text = `${where} (line ${router.line}), which does not trust them`;
    findings.push(failure(text, `add <server>${opensrf.domain}</server> to its <trusted_domains>`));
  }
  return findings;
}

/** Whether srfsh logs in with an existing account at the right address. @param core The site's file. */
export function checkSrfsh(file: string, core: OpensrfCore): Finding[] {
  const srfsh = attempt(() => readOpensrfCore(file));
  if (srfsh instanceof ConfigError) return srfsh.problems.map((problem) => failure(formatProblem(problem), 'correct that option, or that line of the file'));
  const findings = srfsh.clients.flatMap((client) => checkSrfshClient(client, core, file));
  return findings.length > 0 ? findings : [ok(`${file}: srfsh may log in`)];
}

function checkSrfshClient({ username, domain, password, port, routerName, line }: ClientSection, core: OpensrfCore, file: string): Finding[] {
  const sections = [...core.clients, ...core.routers];
  const account = sections.find((one) => one.username === username && one.domain === domain);
  if (account === undefined) {
    return [failure(`${file}:${line}: ${username}@${domain} is not an account of the site`, 'use an account of opensrf_core.xml')];
  }
  const findings: Finding[] = [];
  if (account.password !== password) {
    const text = `${file}:${line}: the password of ${username}@${domain} differs from line ${account.line} of the site's file`;
    findings.push(failure(text, 'use the same password in both'));
  }
  if (!sections.some((one) => one.port === port)) {
    findings.push(failure(`${file}:${line}: port ${port} is not a port of the site`, `write <port>${account.port}</port>`));
  }
  const router = core.routers.find((one) => one.domain === domain)?.username ?? core.clients.find((one) => one.domain === domain)?.routerName;
  if (router !== undefined && router !== routerName) {
    findings.push(
      failure(`${file}:${line}: srfsh asks ${routerName}@${domain}, but the router there is ${router}`, `write <router_name>${router}</router_name>`),
    );
  }
  return findings;
}

function attempt<T>(action: () => T): T | ConfigError {
  try {
    return action();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}
