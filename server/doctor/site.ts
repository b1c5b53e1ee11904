import { ConfigError } from '../config/config.ts';
import { type ClientSection, type OpensrfCore, readOpensrfCore } from '../config/opensrf-core.ts';
import { readXmlFile } from '../config/xml-file.ts';
import { type Finding, failure, ok, warning } from './finding.ts';

/** Whether the parts of a site's file fit together: who asks which router, who registers where, and whether they may. */
export function checkCore(core: OpensrfCore, file: string): Finding[] {
  const findings = core.warnings.map((text) => warning(text, 'correct it there'));
  for (const client of core.clients) findings.push(...checkClient(core, client, file));
  for (const { target, line } of core.registrations) findings.push(...checkRegistration(core, target, file, line));
  return findings.length === 0 ? [ok(`${file}: accounts, routers and trusted domains fit together`)] : findings;
}

function checkClient(core: OpensrfCore, { name, line, domain, routerName }: ClientSection, file: string): Finding[] {
  const router = core.routers.find((one) => one.domain === domain);
  // Without one in the file the server makes it, by the name the client asks for.
  if (router === undefined) return [];
  const where = `${file}:${line}: <${name}>`;
  const findings: Finding[] = [];
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

function checkRegistration(core: OpensrfCore, target: string, file: string, line: number): Finding[] {
  const listeners = core.clients.find(({ name }) => name === 'opensrf')?.domain ?? '';
  const router = core.routers.find((one) => one.domain === target);
  if (router === undefined || router.trustedServers.includes(listeners)) return [];
  const text = `${file}:${line}: services of ${listeners} register with the router of ${target} (line ${router.line}), which does not trust them`;
  return [failure(text, `add <server>${listeners}</server> to its <trusted_domains>`)];
}

/** Whether srfsh logs in by an account that there is. @param core The site's file. */
export function checkSrfsh(file: string, core: OpensrfCore): Finding[] {
  const srfsh = attempt(() => readOpensrfCore(file));
  if (srfsh instanceof ConfigError) return srfsh.problems.map((problem) => failure(problem, 'correct it there'));
  return srfsh.clients.map(({ username, domain, password, line }) => {
    const account = [...core.clients, ...core.routers].find((one) => one.username === username && one.domain === domain);
    if (account === undefined) return failure(`${file}:${line}: ${username}@${domain} is no account of the site`, 'use one that stands in opensrf_core.xml');
    if (account.password === password) return ok(`${file}: ${username}@${domain} may log in`);
    return failure(`${file}:${line}: another password for ${username}@${domain} than in line ${account.line} of the site's file`, 'make them the same');
  });
}

/** Whether the services' settings can be read. */
export function checkSettings(file: string): Finding {
  const settings = attempt(() => readXmlFile(file));
  if (settings instanceof ConfigError) return failure(settings.message, 'correct <settings_config> or the file it names');
  return ok(`${file}: well-formed`);
}

function attempt<T>(action: () => T): T | ConfigError {
  try {
    return action();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}
