import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ConfigError, inFile, type Problem } from '../problem.ts';
import { type ClientSection, type OpensrfCore, readOpensrfCore } from './opensrf-core.ts';

/** Names of srfsh's own file beside opensrf_core.xml. */
const NAMES = ['srfsh.xml', '.srfsh.xml'];

/**
 * Adds srfsh's account to a site, if its file is in the same folder. It adds no domain. An account that contradicts the site is left out with a
 * warning.
 * @param file The site's file.
 */
export function withSrfsh(core: OpensrfCore, file: string): OpensrfCore {
  return NAMES.filter((name) => name !== basename(file))
    .map((name) => join(dirname(file), name))
    .filter((path) => existsSync(path))
    .reduce(addAccounts, core);
}

function addAccounts(core: OpensrfCore, path: string): OpensrfCore {
  const warnings = [...core.warnings];
  const clients = [...core.clients];
  for (const client of readClients(path, warnings)) {
    const problem = contradiction(client, core);
    if (problem === '') clients.push(client);
    else warnings.push({ place: inFile(path, client.line, `<${client.name}>`), text: problem, fault: 'content' });
  }
  return { ...core, clients, warnings };
}

function readClients(path: string, warnings: Problem[]): readonly ClientSection[] {
  try {
    const srfsh = readOpensrfCore(path);
    warnings.push(...srfsh.warnings);
    return srfsh.clients;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    warnings.push(...error.problems);
    return [];
  }
}

/** The reason why srfsh cannot log in with that section, or `''`. */
function contradiction({ username, domain, password }: ClientSection, { clients, routers }: OpensrfCore): string {
  const sections = [...clients, ...routers];
  if (!sections.some((section) => section.domain === domain)) return `${domain} is not a domain of the site; srfsh cannot log in`;
  const known = sections.find((section) => section.domain === domain && section.username === username);
  if (known === undefined || known.password === password) return '';
  return `${username}@${domain} has another password in line ${known.line} of the site's file; srfsh cannot log in`;
}
