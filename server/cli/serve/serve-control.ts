import type { ChopChop } from '../../compose/chopchop.ts';
import { type ControlArguments, type ControlPlace, controlPlace } from '../../config/options/control-options.ts';
import type { OpensrfCore } from '../../config/sources/opensrf-core.ts';
import { type NameOption, optionNamer } from '../../config/sources/option-place.ts';
import type { Control } from '../../control/control.ts';
import type { ControlFile } from '../../control/control-file.ts';
import { controlToken } from '../../control/token.ts';
import { CommandError, EXIT } from '../../kernel/exit-codes.ts';
import { removeOwnFile, writeFileAtomically } from '../../kernel/files.ts';
import type { Log } from '../../kernel/log.ts';
import { VERSION } from '../../kernel/version.ts';

/** What the rest of `serve` wants of the control interface. */
export interface ServedControl {
  /** The console's address with the token in it; null: there is none. For the one who started the server, and for no log. */
  readonly consoleUrl: string | null;
  /** What others may know: where it is, and the file with the token. */
  readonly announcement: { readonly url: string | null; readonly socket: string | null; readonly file: string };
  stop(): Promise<void>;
}

/** What is wanted of the control interface, as far as that can be told before there is a server. */
export interface WantedControl {
  readonly place: ControlPlace;
  readonly token: string;
  /** Null: nobody has named one. */
  readonly file: string | null;
  readonly named: NameOption;
}

/** @returns null: there is to be none. @throws CommandError that names the option, or its place in the file. */
export function wantedControl(args: ControlArguments, isTerminal: boolean, core: OpensrfCore | null): WantedControl | null {
  const named = optionNamer(args, core);
  const place = controlPlace(args, isTerminal, named);
  return place === null ? null : { place, token: controlToken(args, named), file: args.controlFile ?? null, named };
}

/** What `--check-config` says of it. */
export function describedControl(wanted: WantedControl | null, { controlTokenFile }: ControlArguments): object | null {
  return wanted === null ? null : { ...wanted.place, file: wanted.file, tokenFile: controlTokenFile ?? null };
}

/**
 * Starts the control interface where there is to be one. It is loaded only then, and after the server: logins do not wait for it.
 * @throws CommandError
 */
export async function serveControl(server: ChopChop, wanted: WantedControl | null, log: Log): Promise<ServedControl | null> {
  if (wanted === null) return null;
  const { place, token, named } = wanted;
  const [{ startControl }, { ControlListenError }, { ownControlFile }] = await Promise.all([
    import('../../control/control.ts'),
    import('../../control/control-server.ts'),
    import('../../control/control-file.ts'),
  ]);
  const file = wanted.file ?? ownControlFile();
  try {
    return publish(await startControl(server, place, token, log), server, file, wanted);
  } catch (error) {
    if (error instanceof ControlListenError) throw new CommandError(EXIT.network, `${named(error.option)}: ${error.message}`);
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
    if (error instanceof CommandError && wanted.file !== null) throw new CommandError(error.exitCode, `${wanted.named('control-file')}: ${error.message}`);
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
