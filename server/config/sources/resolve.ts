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

/** What a command runs by. */
export interface Resolved {
  /** Each setting, and where it stands. */
  readonly settings: PlacedSettings;
  readonly config: ChopChopConfig;
  readonly log: LogOptions;
  /** null: there is to be no control interface. */
  readonly control: ControlSettings | null;
  /** The site's file; null without `--config`. */
  readonly core: OpensrfCore | null;
  /** Served domains that have no loopback address in /etc/hosts, if the addresses were chosen by that. */
  readonly missingNames: readonly string[];
  /** What is odd and does no harm. */
  readonly warnings: readonly Problem[];
}

/** Where a command finds its settings. */
export interface Sources {
  readonly command: keyof typeof SETTINGS_OF_COMMANDS;
  /** What the parser of the command line made of it, by the names of options. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly environment: NodeJS.ProcessEnv;
  /** What is said where no other source says anything. */
  readonly defaults?: GivenByKey;
  /** Whether a user sees what the server prints. */
  readonly isTerminal: boolean;
  /** Whether the server is to run in the background; where it is missing, a setting says it. */
  readonly inBackground?: boolean;
}

/**
 * Finds out what a command runs by. The command line beats the environment, that beats `<chopchop>`, that beats the rest of the file, and that the
 * defaults. The file is read once.
 * @throws ConfigError with all that is wrong.
 */
export function resolveSettings(sources: Sources): Resolved {
  const { command, args, environment, defaults = new Map(), isTerminal } = sources;
  const said = [givenOnCommandLine(SETTINGS, args), givenInEnvironment(SETTINGS, environment)];
  const problems = new Problems();
  const file = readSite(said, problems);
  const given = [...said, file?.core.chopchop.given ?? defaults];
  const settings = new PlacedSettings(given, SETTINGS_OF_COMMANDS[command], problems);
  // Without the file, what the options say of domains and accounts cannot be judged.
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

/** What a site's file says. */
interface Site {
  readonly core: OpensrfCore;
  /** Of the server, but for its `<chopchop>` section. */
  readonly site: ConfigInput;
}

/** Reads the file of `--config`; null if there is none, or if something is wrong with it. */
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
