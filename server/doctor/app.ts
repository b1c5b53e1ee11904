import type { Setting, SettingObject } from '../settings/convert.ts';
import { type Finding, failure, warning } from './finding.ts';

/** More drones than this end a C listener. */
const MOST_C_DRONES = 256;
const FEWEST_C_DRONES = 3;
const NUMBERS = ['max_requests', 'min_children', 'max_children', 'min_spare_children', 'max_spare_children', 'max_backlog_queue'];

/** How `osrf_control` starts an app: as a Perl service, by `opensrf-c`, or not at all. */
export function languageOf(app: SettingObject): 'perl' | 'c' | null {
  const language = app['language'];
  if (typeof language !== 'string') return null;
  if (/perl/i.test(language)) return 'perl';
  // It starts opensrf-c for any language that contains a "c"; opensrf-c itself requires exactly "c".
  return /^c$/i.test(language) ? 'c' : null;
}

/** Whether an active app's configuration lets it start. @param app Null if it has no section. */
export function checkApp(where: string, name: string, app: SettingObject | null): Finding[] {
  if (app === null)
    return [failure(`${where}: ${name} is active, but has no section in <apps>: OpenSRF does not start it`, `add <apps><${name}>…</${name}></apps>`)];
  const language = languageOf(app);
  const findings: Finding[] = [];
  if (language === null) {
    const written = app['language'] === undefined ? 'has no <language>' : `has the language ${JSON.stringify(app['language'])}`;
    findings.push(failure(`${where}: ${name} ${written}: OpenSRF does not start it`, 'write <language>perl</language> or <language>c</language>'));
  }
  if (typeof app['implementation'] !== 'string') {
    findings.push(failure(`${where}: ${name} has no <implementation>: it ends at once`, 'name the Perl package or the C library in <implementation>'));
  }
  return [...findings, ...checkNumbers(where, name, app, language)];
}

function checkNumbers(where: string, name: string, app: SettingObject, language: 'perl' | 'c' | null): Finding[] {
  const drones = (typeof app['unix_config'] === 'object' ? app['unix_config'] : {}) as SettingObject;
  const written: [string, Setting | undefined][] = [
    ['keepalive', app['keepalive']],
    ...NUMBERS.map((key): [string, Setting | undefined] => [key, drones[key]]),
  ];
  const findings = written
    .filter(([, value]) => value !== undefined && typeof value !== 'number')
    .map(([key, value]) =>
      warning(`${where}: ${name}: <${key}> is ${JSON.stringify(value)}, not a number for OpenSRF`, `write <${key}>5</${key}>, without white space`),
    );
  const { min_children: fewest = language === 'c' ? FEWEST_C_DRONES : 1, max_children: most } = drones;
  if (typeof fewest === 'number' && typeof most === 'number' && fewest > most) {
    findings.push(failure(`${where}: ${name}: min_children (${fewest}) is more than max_children (${most})`, `write <max_children>${fewest}</max_children>`));
  }
  if (language === 'c' && typeof most === 'number' && most > MOST_C_DRONES) {
    findings.push(
      failure(
        `${where}: ${name}: max_children is ${most}, but a C service ends with more than ${MOST_C_DRONES}`,
        `write <max_children>${MOST_C_DRONES}</max_children>`,
      ),
    );
  }
  return findings;
}
