import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { ChopChop } from '../../compose/chopchop.ts';
import type { LogOptions } from '../../config/log-values.ts';
import { ConfigError, formatProblem } from '../../config/problem.ts';
import { RUN_PATHS, SETTINGS } from '../../config/settings.ts';
import type { Resolved } from '../../config/sources/resolve.ts';
import { CommandError } from '../../kernel/exit-codes.ts';
import { CertificateError } from '../../net/tls/identity.ts';
import { SettingsError } from '../../settings/settings-error.ts';
import { wantedControl } from './serve-control.ts';

/** SIGHUP: reads the settings again. On any error nothing changes and the log has the reason. */
export function reload(server: ChopChop, readAgain: () => Resolved, started: Resolved, log: Logger): void {
  try {
    const read = readAgain();
    wantedControl(read);
    const { config, settings, warnings } = read;
    const restart = [...server.reload(config), ...changedLog(started.log, read.log), ...changedRun(started, read)];
    log.level = read.log.level;
    // The environment never changes; its warnings would only repeat.
    for (const warning of warnings) if (warning.place.source !== 'environment') log.warn({}, formatProblem(warning));
    if (restart.length > 0) log.warn({ settings: restart }, 'changed settings need a restart and were not applied');
    log.info({ accounts: config.accounts.length, file: settings.values.config, settings: config.settings?.file }, 'configuration reloaded');
  } catch (error) {
    const problems = problemsOf(error);
    if (problems === null) throw error;
    log.error({ problems }, 'configuration not reloaded: nothing was changed');
  }
}

/** The changes of log settings that need a restart: all but the level's. */
function changedLog(started: LogOptions, read: LogOptions): string[] {
  return (['destination', 'format', 'name'] as const).filter((part) => !isDeepStrictEqual(started[part], read[part])).map((part) => `log.${part}`);
}

/** The changes of the run's settings that need a restart. */
function changedRun(started: Resolved, read: Resolved): readonly string[] {
  return RUN_PATHS.filter((path) => !SETTINGS[path].reload && !isDeepStrictEqual(started.settings.values[path], read.settings.values[path]));
}

/** The errors in settings or files, as lines; null for any other error. */
function problemsOf(error: unknown): readonly string[] | null {
  if (error instanceof ConfigError) return error.problems.map(formatProblem);
  const known = error instanceof CommandError || error instanceof SettingsError || error instanceof CertificateError;
  return known ? [error.message] : null;
}
