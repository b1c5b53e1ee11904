import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { ChopChop } from '../../compose/chopchop.ts';
import { ConfigError } from '../../config/config.ts';
import type { LogOptions } from '../../config/log-values.ts';
import type { ControlArguments } from '../../config/options/control-options.ts';
import { logOptionsFromArguments, siteLogArguments } from '../../config/sources/log-arguments.ts';
import { resolveConfig } from '../../config/sources/resolve.ts';
import { CommandError } from '../../kernel/exit-codes.ts';
import { CertificateError } from '../../net/tls/identity.ts';
import { SettingsError } from '../../xml/settings-error.ts';
import type { ReadArguments, ServeArguments } from './serve-arguments.ts';
import { wantedControl } from './serve-control.ts';

/** What a server was started with, besides its configuration. */
export interface StartedWith {
  readonly args: ServeArguments;
  readonly logOptions: LogOptions;
}

/** SIGHUP: reads the configuration again. A bad one changes nothing and is told. */
export function reload(server: ChopChop, readAgain: ReadArguments, started: StartedWith, log: Logger): void {
  try {
    const args = readAgain();
    const { config, core } = resolveConfig(args);
    const logOptions = logOptionsFromArguments(siteLogArguments(args, core, args.daemon));
    wantedControl(args, false, core);
    const restart = [...server.reload(config), ...changedLog(started.logOptions, logOptions), ...changedControl(started.args, args)];
    log.level = logOptions.level;
    for (const warning of core?.warnings ?? []) log.warn({}, warning);
    if (restart.length > 0) log.warn({ settings: restart }, 'changed settings that take a restart were left as they are');
    log.info({ accounts: config.accounts.length, file: args.config, settings: config.settings?.file }, 'configuration reloaded');
  } catch (error) {
    const problems = problemsOf(error);
    if (problems === null) throw error;
    log.error({ problems }, 'configuration not reloaded: nothing was changed');
  }
}

/** What of the control interface takes a restart: all. */
function changedControl(started: ControlArguments, read: ControlArguments): string[] {
  return (['console', 'controlSocket', 'controlFile', 'controlTokenFile'] as const).filter((option) => started[option] !== read[option]);
}

/** What of the log takes a restart: all but its level. */
function changedLog(started: LogOptions, read: LogOptions): string[] {
  return (['destination', 'format', 'name'] as const).filter((part) => !isDeepStrictEqual(started[part], read[part])).map((part) => `log.${part}`);
}

/** What is wrong with the files, or null: it is not them. */
function problemsOf(error: unknown): readonly string[] | null {
  if (error instanceof ConfigError) return error.problems;
  const known = error instanceof CommandError || error instanceof SettingsError || error instanceof CertificateError;
  return known ? [error.message] : null;
}
