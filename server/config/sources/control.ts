import type { Problems } from '../problem.ts';
import { DEFAULT_CONSOLE_PORT } from '../values/control-port.ts';
import type { PlacedSettings } from './placed-settings.ts';

/** Where the control interface listens. */
export interface ControlPlace {
  /** A port of 127.0.0.1; null: none. */
  readonly port: number | null;
  /** Whether another port does where that one is taken: the user has named none. */
  readonly anyPort: boolean;
  /** The path of a Unix domain socket; null: none. */
  readonly socket: string | null;
}

/** A control interface that is to be served. */
export interface ControlSettings {
  readonly place: ControlPlace;
  /** Where local commands find it; null: at the usual place. */
  readonly file: string | null;
  /** Where its token stands; null: a new one is made. */
  readonly tokenFile: string | null;
}

/** The control interface that the settings ask for; null: none. @param isTerminal Whether a user sees what the server prints. */
export function controlSettings(settings: PlacedSettings, isTerminal: boolean, problems: Problems): ControlSettings | null {
  const { 'control.socket': socket, 'control.file': file, 'control.tokenFile': tokenFile } = settings.values;
  const place = { ...portOf(settings, isTerminal), socket };
  if (place.port !== null || socket !== null) return { place, file, tokenFile };
  for (const path of ['control.file', 'control.tokenFile'] as const) {
    if (settings.isGiven(path)) problems.add(path, 'there is no control interface without --console or --control-socket');
  }
  return null;
}

function portOf({ values: { 'control.port': port } }: PlacedSettings, isTerminal: boolean): Pick<ControlPlace, 'port' | 'anyPort'> {
  switch (port) {
    case null:
      return { port: isTerminal ? DEFAULT_CONSOLE_PORT : null, anyPort: true };
    case 'usual':
      return { port: DEFAULT_CONSOLE_PORT, anyPort: true };
    case 'off':
      return { port: null, anyPort: false };
    default:
      return { port, anyPort: false };
  }
}
