import { EngineError } from '../../cluster/link/engine.ts';
import { type Arrival, ChopChop } from '../../compose/chopchop.ts';
import type { ChopChopConfig } from '../../config/config.ts';
import { CommandError, EXIT, fileExitCode } from '../../kernel/exit-codes.ts';
import type { Log } from '../../kernel/log.ts';
import { type BoundAddress, ListenError } from '../../net/tcp.ts';
import { CertificateError } from '../../net/tls/identity.ts';
import { SettingsError } from '../../settings/settings-error.ts';

// Shared by the commands that run a server.

/** A server that serves logins. @throws CommandError */
export async function startServer(config: ChopChopConfig, log: Log): Promise<{ server: ChopChop; addresses: BoundAddress[] }> {
  const server = new ChopChop(config, log);
  return { server, addresses: await startedOn(server) };
}

/** @returns its addresses. @throws CommandError */
export async function startedOn(server: ChopChop, arrival: Arrival | null = null): Promise<BoundAddress[]> {
  try {
    return await server.start(arrival);
  } catch (error) {
    throw startFailure(error);
  }
}

/** Turns a failed start into exit code and lines; returns other errors unchanged. */
export function startFailure(error: unknown): unknown {
  if (error instanceof EngineError) return new CommandError(EXIT.network, `cluster: ${error.message}`);
  if (error instanceof ListenError) return new CommandError(EXIT.network, error.message);
  if (error instanceof CertificateError) return new CommandError(fileExitCode(error.cause), error.message);
  if (error instanceof SettingsError) return new CommandError(error.fault === 'file' ? EXIT.file : EXIT.usage, error.message);
  return error;
}
