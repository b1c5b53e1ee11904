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

/** SIGHUP: reads the settings again. If anything is wrong, nothing changes and the log says why. */
export function reload(server: ChopChop, readAgain: () => Resolved, started: Resolved, log: Logger): void {
  try {
    const read = readAgain();
    wantedControl(read);
    const { config, settings, warnings } = read;
    const restart = [...server.reload(config), ...changedLog(started.log, read.log), ...changedRun(started, read)];
    log.level = read.log.level;
    // The environment never changes, so its warnings would only repeat.
    for (const warning of warnings) if (warning.place.source !== 'environment') log.warn({}, formatProblem(warning));
    if (restart.length > 0) log.warn({ settings: restart }, 'changed settings that take a restart were left as they are');
    log.info({ accounts: config.accounts.length, file: settings.values.config, settings: config.settings?.file }, 'configuration reloaded');
  } catch (error) {
    const problems = problemsOf(error);
    if (problems === null) throw error;
    log.error({ problems }, 'configuration not reloaded: nothing was changed');
  }
}

/** Changes of the log that take a restart: all but its level. */
function changedLog(started: LogOptions, read: LogOptions): string[] {
  return (['destination', 'format', 'name'] as const).filter((part) => !isDeepStrictEqual(started[part], read[part])).map((part) => `log.${part}`);
}

/** Changes of the run's settings that take a restart. */
function changedRun(started: Resolved, read: Resolved): readonly string[] {
  return RUN_PATHS.filter((path) => !SETTINGS[path].reload && !isDeepStrictEqual(started.settings.values[path], read.settings.values[path]));
}

/** Mistakes in settings or files, in lines; null for any other error. */
function problemsOf(error: unknown): readonly string[] | null {
  if (error instanceof ConfigError) return error.problems.map(formatProblem);
  const known = error instanceof CommandError || error instanceof SettingsError || error instanceof CertificateError;
  return known ? [error.message] : null;
}
