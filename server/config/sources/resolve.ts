import { type ChopChopConfig, type ConfigInput, createConfig } from '../config.ts';
import type { LogOptions } from '../log-values.ts';
import { ConfigError, type Problem, Problems } from '../problem.ts';
import { SETTINGS, SETTINGS_OF_COMMANDS } from '../settings.ts';
import { type ControlSettings, controlSettings } from './control.ts';
import { givenInEnvironment, unknownVariables } from './environment.ts';
import { type GivenByKey, givenOnCommandLine } from './given.ts';
import { logOptions } from './log.ts';
import { type OpensrfCore, readOpensrfCore } from './opensrf-core.ts';
import { PlacedSettings } from './placed-settings.ts';
import { readValues } from './read-values.ts';
import { serverInput } from './server-input.ts';
import { siteConfig } from './site.ts';
import { withSrfsh } from './srfsh.ts';

/** All settings of a command, resolved. */
export interface Resolved {
  /** Each setting, with its place. */
  readonly settings: PlacedSettings;
  readonly config: ChopChopConfig;
  readonly log: LogOptions;
  /** null: no control interface. */
  readonly control: ControlSettings | null;
  /** The site's file; null without `--config`. */
  readonly core: OpensrfCore | null;
  /** Served domains without a loopback address in /etc/hosts, if the addresses were chosen by that file. */
  readonly missingNames: readonly string[];
  /** Harmless oddities. */
  readonly warnings: readonly Problem[];
}

/** The sources of a command's settings. */
export interface Sources {
  readonly command: keyof typeof SETTINGS_OF_COMMANDS;
  /** The result of the command line's parser, by option. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly environment: NodeJS.ProcessEnv;
  /** The weakest source, used without a site's file. */
  readonly defaults?: GivenByKey;
  /** Whether the server prints to a terminal. */
  readonly isTerminal: boolean;
  /** Whether the server runs in the background; by default the setting `--daemon` decides. */
  readonly inBackground?: boolean;
}

/**
 * Resolves the settings of a command. The command line overrides the environment, that overrides `<chopchop>`, that the rest of the file, and that the
 * defaults. The file is read once.
 * @throws ConfigError with every problem.
 */
export function resolveSettings(sources: Sources): Resolved {
  const { command, args, environment, defaults = new Map(), isTerminal } = sources;
  const said = [givenOnCommandLine(SETTINGS, args), givenInEnvironment(SETTINGS, environment)];
  const problems = new Problems();
  const file = readSite(said, problems);
  const given = [...said, file?.core.chopchop.given ?? defaults];
  const settings = new PlacedSettings(given, SETTINGS_OF_COMMANDS[command], problems);
  // Domains and accounts cannot be checked without the file.
  if (file === null && settings.values.config !== null) problems.throwAll();
  const core = file?.core ?? null;
  const { input, missingNames, warnings } = serverInput(settings, core, file?.site ?? {}, problems);
  const log = logOptions(settings, core, sources.inBackground ?? settings.values['process.daemon'], problems);
  const control = controlSettings(settings, isTerminal, problems);
  return {
    settings,
    config: createConfig(input, problems),
    log,
    control,
    core,
    missingNames,
    warnings: [...unknownVariables(SETTINGS, environment), ...(core?.warnings ?? []), ...warnings],
  };
}

/** A site's file. */
interface Site {
  readonly core: OpensrfCore;
  /** The configuration in it, without its `<chopchop>` section. */
  readonly site: ConfigInput;
}

/** Reads the file of `--config`; null if there is none, or if it has errors. */
function readSite(said: readonly GivenByKey[], problems: Problems): Site | null {
  const { config: file } = readValues({ config: SETTINGS.config }, said, new Problems()).values;
  if (file === null) return null;
  try {
    const core = withSrfsh(readOpensrfCore(file), file);
    return { core, site: siteConfig(core, file) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.addAll(error.problems);
    return null;
  }
}
