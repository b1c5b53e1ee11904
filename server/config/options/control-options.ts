import { CommandError, EXIT } from '../../kernel/exit-codes.ts';

/** The port of the console where nobody names another. */
export const DEFAULT_CONSOLE_PORT = 5290;

/** The options of `serve` for the control interface and the console on it, for yargs. */
export const CONTROL_OPTIONS = {
  console: {
    type: 'string',
    group: 'Control:',
    describe: 'Serve the console and the control interface on this port of 127.0.0.1 (--no-console: do not)',
    defaultDescription: `${DEFAULT_CONSOLE_PORT} or any free port on a terminal, else off`,
  },
  'control-socket': { type: 'string', requiresArg: true, group: 'Control:', describe: 'Serve the control interface on this unix socket' },
  'control-file': {
    type: 'string',
    requiresArg: true,
    group: 'Control:',
    describe: 'Where local commands find address and token of the control interface',
    defaultDescription: 'PID.json in the folder opensrf-chopchop of XDG_RUNTIME_DIR',
  },
  'control-token-file': {
    type: 'string',
    requiresArg: true,
    group: 'Control:',
    describe: 'Take the token from this file, for programs that ask again and again',
    defaultDescription: 'a random token at each start',
  },
} as const;

/** What yargs makes of {@link CONTROL_OPTIONS}; `--no-console` is false. */
export interface ControlArguments {
  readonly console?: string | false | undefined;
  readonly controlSocket?: string | undefined;
  readonly controlFile?: string | undefined;
  readonly controlTokenFile?: string | undefined;
}

/** Where the control interface is to be. */
export interface ControlPlace {
  /** A port of 127.0.0.1; null: none. */
  readonly port: number | null;
  /** Whether another port does where that one is taken: nobody has named it. */
  readonly anyPort: boolean;
  /** The path of a unix socket; null: none. */
  readonly socket: string | null;
}

const OFF = new Set(['no', 'off', 'false']);

/** @param named How an option that is wrong is named. @returns null: there is to be none. @throws CommandError */
export function controlPlace(args: ControlArguments, isTerminal: boolean, named: (option: string) => string): ControlPlace | null {
  const port = consolePort(args.console, isTerminal, named);
  const socket = args.controlSocket ?? null;
  if (port !== null || socket !== null) return { port, anyPort: args.console === undefined || args.console === '', socket };
  for (const name of ['control-file', 'control-token-file'] as const) {
    const given = name === 'control-file' ? args.controlFile : args.controlTokenFile;
    if (given !== undefined) throw new CommandError(EXIT.usage, `${named(name)}: there is no control interface without --console or --control-socket`);
  }
  return null;
}

function consolePort(value: string | false | undefined, isTerminal: boolean, named: (option: string) => string): number | null {
  if (value === undefined) return isTerminal ? DEFAULT_CONSOLE_PORT : null;
  if (value === false || OFF.has(value)) return null;
  if (value === '') return DEFAULT_CONSOLE_PORT;
  const port = Number(value);
  if (!/^\d+$/.test(value) || port > 65_535) throw new CommandError(EXIT.usage, `${named('console')}: "${value}" is no port; 0 is any free one`);
  return port;
}
