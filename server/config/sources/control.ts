import { existsSync } from 'node:fs';
import type { Problems } from '../problem.ts';
import { type ConsolePort, DEFAULT_CONSOLE_PORT } from '../values/control-port.ts';
import type { PlacedSettings } from './placed-settings.ts';

/** The address of the control interface. */
export interface ControlPlace {
  /** A port of 127.0.0.1; null: none. */
  readonly port: number | null;
  /** Whether to use another port if that one is in use: true without a named port. */
  readonly anyPort: boolean;
  /** The path of a Unix domain socket; null: none. */
  readonly socket: string | null;
}

/** A control interface to serve. */
export interface ControlSettings {
  readonly place: ControlPlace;
  /** Whether it listens on a Unix socket beside its control file: the default of a daemon. */
  readonly ownSocket: boolean;
  /** Its control file; null: the default path. */
  readonly file: string | null;
  /** The file of its token; null: the one that the server has kept, or a new one. */
  readonly tokenFile: string | null;
  /** Whether to replace the kept token. */
  readonly newToken: boolean;
  /** The file of Evergreen's IDL; null: the one of the site's settings. */
  readonly idl: string | null;
}

/** The configured control interface; null: none. @param isTerminal Whether the server prints to a terminal. */
export function controlSettings(settings: PlacedSettings, isTerminal: boolean, problems: Problems): ControlSettings | null {
  const { 'control.socket': socket, 'control.file': file, 'control.tokenFile': tokenFile, 'control.newToken': newToken, 'control.idl': idl } = settings.values;
  const place = { ...portOf(settings, isTerminal), socket };
  if (idl !== null && !existsSync(idl)) problems.add('control.idl', `there is no file ${idl}`);
  const ownSocket = place.port === null && socket === null && settings.values['process.daemon'] && settings.values['control.port'] === null;
  if (place.port !== null || socket !== null || ownSocket) return { place, ownSocket, file, tokenFile, newToken, idl };
  for (const path of ['control.file', 'control.tokenFile', 'control.newToken', 'control.idl'] as const) {
    if (settings.isGiven(path)) problems.add(path, 'there is no control interface without --console or --control-socket');
  }
  return null;
}

function portOf({ values: { 'control.port': port } }: PlacedSettings, isTerminal: boolean): Pick<ControlPlace, 'port' | 'anyPort'> {
  return port === null ? { port: isTerminal ? DEFAULT_CONSOLE_PORT : null, anyPort: true } : wantedPort(port);
}

/** The port that a user wants. */
export function wantedPort(port: ConsolePort): Pick<ControlPlace, 'port' | 'anyPort'> {
  switch (port) {
    case 'usual':
      return { port: DEFAULT_CONSOLE_PORT, anyPort: true };
    case 'off':
      return { port: null, anyPort: false };
    default:
      return { port, anyPort: false };
  }
}
