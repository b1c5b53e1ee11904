import type { ChopChop } from '../chopchop.ts';
import type { Control } from '../control/control.ts';
import type { ControlFile } from '../control/control-file.ts';
import { type ControlArguments, controlPlace } from '../control/options.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { removeOwnFile, writeFileAtomically } from '../files.ts';
import type { Log } from '../log.ts';
import { VERSION } from '../version.ts';

/** What the rest of `serve` wants of the control interface. */
export interface ServedControl {
  /** The console's address with the token in it; null: there is none. For the one who started the server, and for no log. */
  readonly consoleUrl: string | null;
  /** What others may know: where it is, and the file with the token. */
  readonly announcement: { readonly url: string | null; readonly socket: string | null; readonly file: string };
  stop(): Promise<void>;
}

/**
 * Starts the control interface where there is to be one. It is loaded only then, and after the server: logins do not wait for it.
 * @throws CommandError
 */
export async function serveControl(server: ChopChop, args: ControlArguments, log: Log): Promise<ServedControl | null> {
  const place = controlPlace(args, process.stdout.isTTY === true);
  if (place === null) return null;
  const [{ controlToken, startControl }, { ControlListenError }, { ownControlFile }] = await Promise.all([
    import('../control/control.ts'),
    import('../control/control-server.ts'),
    import('../control/control-file.ts'),
  ]);
  const file = args.controlFile ?? ownControlFile();
  try {
    return publish(await startControl(server, place, controlToken(args.controlTokenFile), log), server, file);
  } catch (error) {
    if (error instanceof ControlListenError) throw new CommandError(EXIT.network, error.message);
    throw error;
  }
}

async function publish(control: Control, { listening }: ChopChop, file: string): Promise<ServedControl> {
  const { url, socket, token } = control;
  const content = `${JSON.stringify({ pid: process.pid, version: VERSION, url, socket, token, c2s: listening.c2s } satisfies ControlFile)}\n`;
  try {
    writeFileAtomically(file, content, 0o600);
  } catch (error) {
    await control.stop();
    throw error;
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
