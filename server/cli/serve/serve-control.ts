import { dirname, join } from 'node:path';
import type { ChopChop } from '../../compose/chopchop.ts';
import { formatPlace } from '../../config/problem.ts';
import type { ControlSettings } from '../../config/sources/control.ts';
import type { PlacedSettings } from '../../config/sources/placed-settings.ts';
import type { Resolved } from '../../config/sources/resolve.ts';
import type { Control } from '../../control/control.ts';
import { type ControlFile, readControlFile } from '../../control/control-file.ts';
import type { Restart } from '../../control/server-report.ts';
import { tokenInFile } from '../../control/token.ts';
import { CommandError, EXIT } from '../../kernel/exit-codes.ts';
import { removeOwnFile, writeFileAtomically } from '../../kernel/files.ts';
import type { Log } from '../../kernel/log.ts';
import { VERSION } from '../../kernel/version.ts';
import { predecessor } from '../../process/predecessor.ts';

/** The running control interface, as `serve` needs it. */
export interface ServedControl {
  /** The console's address with its token; null: no console. For the terminal only, never for a log. */
  readonly consoleUrl: string | null;
  /** The public part: the addresses and the path of the file with the token. */
  readonly announcement: { readonly url: string | null; readonly socket: string | null; readonly file: string };
  /** The port; 0: none. */
  readonly port: number;
  /** Accepts no more connections, so that another process can. */
  release(): void;
  stop(): Promise<void>;
}

/** A control interface not yet started. */
export interface WantedControl extends ControlSettings {
  /** The token of the token file; null: the kept one. */
  readonly token: string | null;
  /** Its settings, with their places. */
  readonly settings: PlacedSettings;
}

/** The control interface to serve; null: none. @throws CommandError that names the token's setting. */
export function wantedControl({ control, settings }: Resolved): WantedControl | null {
  if (control === null) return null;
  const { tokenFile } = control;
  return { ...control, token: tokenFile === null ? null : tokenInFile(tokenFile, settings.placeOf('control.tokenFile')), settings };
}

/** Loads the control interface. A process that takes over does so while the other one still serves. */
export function loadControl() {
  return Promise.all([
    import('../../control/control.ts'),
    import('../../control/control-server.ts'),
    import('../../control/control-file.ts'),
    import('../../control/kept-token.ts'),
  ]);
}

/**
 * Starts the control interface if configured. It is loaded only then, after the server, so logins do not wait for it.
 * @param lostLogLines For its metrics. @throws CommandError
 */
export async function serveControl(
  server: ChopChop,
  wanted: WantedControl | null,
  log: Log,
  lostLogLines: () => number,
  restart: Restart,
): Promise<ServedControl | null> {
  if (wanted === null) return null;
  try {
    return await startAt(server, wanted, log, lostLogLines, restart);
  } catch (error) {
    if (!wanted.ownSocket || !(error instanceof CommandError)) throw error;
    // The user has not asked for one: the server is worth more.
    log.warn({ reason: error.message }, 'no control interface');
    return null;
  }
}

async function startAt(server: ChopChop, wanted: WantedControl, log: Log, lostLogLines: () => number, restart: Restart): Promise<ServedControl> {
  const { settings } = wanted;
  const [{ startControl }, { ControlListenError }, { ownControlFile }, { keptToken }] = await loadControl();
  const file = wanted.file ?? ownControlFile();
  const place = wanted.ownSocket ? { ...wanted.place, socket: join(dirname(file), `${process.pid}.sock`) } : wanted.place;
  const token = wanted.token ?? (predecessor === null ? null : formerToken(file)) ?? keptToken(dirname(file), addressOf(server), wanted.newToken);
  try {
    return publish(await startControl(server, samePort(place), token, log, lostLogLines, wanted.idl, restart), server, file, wanted);
  } catch (error) {
    if (error instanceof ControlListenError) throw new CommandError(EXIT.network, `${formatPlace(settings.placeOf(error.path))}: ${error.message}`);
    throw error;
  }
}

/** The port of the process whose work this one has taken over. */
function samePort(place: ControlSettings['place']): ControlSettings['place'] {
  const port = predecessor?.inheritance.controlPort ?? 0;
  return port === 0 || place.port === null ? place : { ...place, port };
}

/** The token of that process, from its file; null if it had none. */
function formerToken(file: string): string | null {
  for (const path of [file, join(dirname(file), `${process.ppid}.json`)]) {
    try {
      return readControlFile(path).token;
    } catch {
      // It has another file, or none.
    }
  }
  return null;
}

/** Tells the servers of a user apart; `''` for one that takes any free port, as it never comes back. */
function addressOf({ config, listening }: ChopChop): string {
  const [first] = listening.c2s;
  return first === undefined || config.ports.includes(0) ? '' : `${first.host}:${first.port}`;
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
    port: url === null ? 0 : Number(new URL(url).port),
    release: () => control.release(),
    async stop() {
      removeOwnFile(file, content);
      await control.stop();
    },
  };
}
