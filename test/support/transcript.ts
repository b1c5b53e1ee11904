import { setImmediate as turn } from 'node:timers/promises';
import { ChopChop } from '../../server/compose/chopchop.ts';
import { createConfig } from '../../server/config/config.ts';
import type { Log } from '../../server/kernel/log.ts';
import { eventually } from './patience.ts';
import { PATIENT_LIMITS } from './server.ts';
import { TranscriptClient } from './transcript-client.ts';
import { configFor, encrypt, openConnection, type TranscriptConnection } from './transcript-connections.ts';
import type { ConnectKind, Step, Transcript, Transport } from './transcript-reader.ts';
import type { Split } from './transcript-splits.ts';

/**
 * Plays a transcript once for each split, all against one server, without connections between two runs.
 * Throws if the server's output differs from the transcript.
 */
export async function play(transcript: Transcript, transport: Transport, splits: readonly Split[]): Promise<void> {
  const log = new ErrorLog();
  const limits = { ...PATIENT_LIMITS, failedLogins: 1_000_000, ...transcript.config.limits };
  const server = new ChopChop(createConfig({ port: 0, ...(await configFor(transport)), ...transcript.config, limits }), log);
  await server.start();
  const connect = (kind: ConnectKind) => openConnection(server, transport, kind, transcript);
  try {
    for (const [run, split] of splits.entries()) {
      await playOnce(transcript, connect, split, `run ${run}: ${transcript.file}`);
      await eventually(() => server.connectionCount === 0, `run ${run}: ${transcript.file}: the server closed its last connection`);
    }
  } finally {
    await server.stop();
  }
  if (log.errors.length > 0) throw new Error(`the server logged errors: ${log.errors.join('; ')}`);
}

async function playOnce({ steps }: Transcript, connect: (kind: ConnectKind) => Promise<TranscriptConnection>, split: Split, where: string): Promise<void> {
  const clients = new Map<string, TranscriptClient>();
  const resumptions = new Map<string, string>();
  let place = where;
  try {
    for (const step of steps) {
      place = `${where}:${step.line}: ${step.client}`;
      const client = clients.get(step.client);
      const connecting = connection(step, client, connect);
      if (connecting !== null) clients.set(step.client, new TranscriptClient(await connecting, step.client, resumptions));
      const waiting = connecting === null ? client?.play(step, split) : undefined;
      if (waiting !== undefined) await waiting;
    }
    place = `${where}: at the end`;
    // The server answers the last step at the end of the turn in which it reads it.
    await turn();
    for (const client of clients.values()) client.close();
    for (const client of clients.values()) await client.gone();
  } catch (error) {
    throw new Error(`${place}: ${(error as Error).message}`);
  } finally {
    for (const client of clients.values()) client.close();
  }
}

/** The connection that a step opens; null for a step on an open one. */
function connection({ kind }: Step, client: TranscriptClient | undefined, connect: (kind: ConnectKind) => Promise<TranscriptConnection>) {
  if (kind === 'connect' || kind === 'connect-component') return connect(kind);
  if (client === undefined) throw new Error('not connected');
  return kind === 'tls' ? encrypt(client.release()) : null;
}

/** Keeps forbidden log lines; all others would fill the memory. */
class ErrorLog implements Log {
  readonly errors: string[] = [];

  error(fields: object, message: string): void {
    this.errors.push(`${message}: ${String((fields as { err?: unknown }).err)}`);
  }

  warn(): void {}
  info(): void {}
  debug(): void {}
}
