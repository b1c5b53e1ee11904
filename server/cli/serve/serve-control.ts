import type { ChopChop } from '../../compose/chopchop.ts';
import { formatPlace } from '../../config/problem.ts';
import type { ControlSettings } from '../../config/sources/control.ts';
import type { PlacedSettings } from '../../config/sources/placed-settings.ts';
import type { Resolved } from '../../config/sources/resolve.ts';
import type { Control } from '../../control/control.ts';
import type { ControlFile } from '../../control/control-file.ts';
import { controlToken } from '../../control/token.ts';
import { CommandError, EXIT } from '../../kernel/exit-codes.ts';
import { removeOwnFile, writeFileAtomically } from '../../kernel/files.ts';
import type { Log } from '../../kernel/log.ts';
import { VERSION } from '../../kernel/version.ts';

/** The running control interface, as `serve` needs it. */
export interface ServedControl {
  /** The console's address with its token; null: no console. For the terminal only, never for a log. */
  readonly consoleUrl: string | null;
  /** The public part: the addresses and the path of the file with the token. */
  readonly announcement: { readonly url: string | null; readonly socket: string | null; readonly file: string };
  stop(): Promise<void>;
}

/** A control interface not yet started. */
export interface WantedControl extends ControlSettings {
  readonly token: string;
  /** Its settings, with their places. */
  readonly settings: PlacedSettings;
}

/** The control interface to serve; null: none. @throws CommandError that names the token's setting. */
export function wantedControl({ control, settings }: Resolved): WantedControl | null {
  return control === null ? null : { ...control, token: controlToken(control.tokenFile, settings.placeOf('control.tokenFile')), settings };
}

/**
 * Starts the control interface if configured. It is loaded only then, after the server, so logins do not wait for it.
 * @param lostLogLines For its metrics. @throws CommandError
 */
export async function serveControl(server: ChopChop, wanted: WantedControl | null, log: Log, lostLogLines: () => number): Promise<ServedControl | null> {
  if (wanted === null) return null;
  const { place, token, settings } = wanted;
  const [{ startControl }, { ControlListenError }, { ownControlFile }] = await Promise.all([
    import('../../control/control.ts'),
    import('../../control/control-server.ts'),
    import('../../control/control-file.ts'),
  ]);
  const file = wanted.file ?? ownControlFile();
  try {
    return publish(await startControl(server, place, token, log, lostLogLines), server, file, wanted);
  } catch (error) {
    if (error instanceof ControlListenError) throw new CommandError(EXIT.network, `${formatPlace(settings.placeOf(error.path))}: ${error.message}`);
    throw error;
  }
}

async function publish(control: Control, { listening }: ChopChop, file: string, wanted: WantedControl): Promise<ServedControl> {
  const { url, socket, token } = control;
  const content = `${JSON.stringify({ pid: process.pid, version: VERSION, url, socket, token, c2s: listening.c2s } satisfies ControlFile)}\n`;
  try {
    writeFileAtomically(file, content, 0o600);
  } catch (error) {
    await control.stop();
    if (!(error instanceof CommandError) || wanted.file === null) throw error;
    throw new CommandError(error.exitCode, `${formatPlace(wanted.settings.placeOf('control.file'))}: ${error.message}`);
  }
  return {
    consoleUrl: url === null ? null : `${url}/#token=${token}`,
    announcement: { url, socket, file },
    async stop() {
      removeOwnFile(file, content);
      await control.stop();
    },
  };
}
