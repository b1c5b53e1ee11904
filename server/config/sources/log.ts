import { resolve } from 'node:path';
import { LOG_LEVELS, logLevelOfOpensrf } from '../../kernel/log-levels.ts';
import type { LogDestination, LogOptions, SyslogFacility } from '../log-values.ts';
import { FACILITY } from '../log-values.ts';
import type { Place, Problems } from '../problem.ts';
import type { OpensrfCore, RouterSection } from './opensrf-core.ts';
import type { PlacedSettings } from './placed-settings.ts';

const PROGRAM = 'chopchop';

/** Sources from the weakest on. */
const STRENGTH: readonly Place['source'][] = ['default', 'file', 'environment', 'command line'];

/**
 * Level, format and destination of the log. Without a setting, a server in the background logs as the first router of the site's file does, and one in
 * the foreground logs to standard output.
 */
export function logOptions(settings: PlacedSettings, core: OpensrfCore | null, inBackground: boolean, problems: Problems): LogOptions {
  const { values } = settings;
  const router = inBackground ? (core?.routers[0] ?? null) : null;
  const given = values['log.level'];
  const level = given ?? (router === null ? 'info' : logLevelOfOpensrf(router.logLevel));
  // OpenSRF's sample files ask for warnings only, and an administrator looks in the log for the addresses.
  const lifeLevel = given === null && LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf('info') && level !== 'silent' ? 'info' : level;
  const tag = values['log.tag'];
  const destination = chosenDestination(settings, problems) ?? routerDestination(router, values['log.syslogSocket']) ?? { kind: 'stdout' };
  return { level, lifeLevel, format: values['log.format'], destination, name: tag === null ? PROGRAM : `${PROGRAM}/${tag}` };
}

/** The destination that the settings give; null: they give none. */
function chosenDestination(settings: PlacedSettings, problems: Problems): LogDestination | null {
  const { 'log.file': file, 'log.syslog': facility, 'log.syslogSocket': socket } = settings.values;
  const [ofFile, ofSyslog] = [strengthOf(settings, 'log.file'), strengthOf(settings, 'log.syslog')];
  const inCore = settings.sourceOf('log.file') === 'file';
  // In OpenSRF's files a log file called syslog means the daemon, and <syslog> is its facility.
  if (file === 'syslog' && inCore && ofSyslog <= ofFile) return syslog(facility ?? 'local0', socket);
  if (file !== null && facility !== null && ofFile === ofSyslog && !inCore) {
    problems.add('log.syslog', `${problems.nameOf('log.file')} and ${problems.nameOf('log.syslog')} exclude each other`);
  }
  if (file !== null && ofFile >= ofSyslog) return { kind: 'file', path: resolve(file) };
  return facility === null ? null : syslog(facility, socket);
}

function strengthOf(settings: PlacedSettings, path: 'log.file' | 'log.syslog'): number {
  return STRENGTH.indexOf(settings.sourceOf(path));
}

function routerDestination(router: RouterSection | null, socket: string): LogDestination | null {
  if (router === null || router.logFile === '') return null;
  if (router.logFile !== 'syslog') return { kind: 'file', path: resolve(router.logFile) };
  // OpenSRF's programs use local0 for an unknown facility.
  const facility = FACILITY.parse(router.syslogFacility);
  return syslog((facility.ok ? facility.value : null) ?? 'local0', socket);
}

function syslog(facility: SyslogFacility, socket: string): LogDestination {
  return { kind: 'syslog', facility, socket: resolve(socket) };
}
