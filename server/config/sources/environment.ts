import { nearest } from '../../../shared/nearest.ts';
import type { Place, Problem } from '../problem.ts';
import { ENVIRONMENT_PREFIX, type Setting } from '../setting.ts';
import type { Given, GivenByKey } from './given.ts';

type Names = Readonly<Record<string, Pick<Setting, 'environment'>>>;

/** Reads the settings of a table from the environment. Ignores empty variables and those of a container platform. */
export function givenInEnvironment(table: Names, environment: NodeJS.ProcessEnv): GivenByKey {
  const given = new Map<string, readonly Given[]>();
  for (const [key, { environment: name }] of Object.entries(table)) {
    const text = name === '' ? '' : (environment[name] ?? '');
    if (text.trim() !== '' && !isOfPlatform(name, text)) given.set(key, [{ text, place: placeOf(name) }]);
  }
  return given;
}

/** Warns of variables with our prefix that are not settings. */
export function unknownVariables(table: Names, environment: NodeJS.ProcessEnv): readonly Problem[] {
  const known = Object.values(table).flatMap(({ environment: name }) => (name === '' ? [] : [name]));
  const unknown = Object.keys(environment).filter(
    (name) => name.startsWith(ENVIRONMENT_PREFIX) && !known.includes(name) && !isOfPlatform(name, environment[name]),
  );
  return unknown.map((name) => {
    const meant = nearest(withoutPrefix(name), known.map(withoutPrefix));
    const hint = meant === null ? ' (see docs/configuration.md)' : `; did you mean ${ENVIRONMENT_PREFIX}${meant}?`;
    return { place: placeOf(name), text: `is not a setting${hint}`, fault: 'content' };
  });
}

/** Kubernetes and Docker describe services in variables; for a service called opensrf-chopchop or opensrf-chopchop-tls these have our prefix. */
function isOfPlatform(name: string, value = ''): boolean {
  if (/_SERVICE_(?:HOST|PORT(?:_\w+)?)$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/.test(name)) return true;
  if (name.endsWith('_PORT')) return /^(?:tcp|udp|sctp):\/\//.test(value);
  return name.startsWith(`${ENVIRONMENT_PREFIX}ENV_`) || (name === `${ENVIRONMENT_PREFIX}NAME` && value.startsWith('/'));
}

function withoutPrefix(name: string): string {
  return name.slice(ENVIRONMENT_PREFIX.length);
}

function placeOf(name: string): Place {
  return { source: 'environment', name, file: '', line: 0 };
}
