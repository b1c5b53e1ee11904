import type { TestContext } from 'node:test';
import { ChopChop } from '../../server/compose/chopchop.ts';
import { type ConfigInput, createConfig } from '../../server/config/config.ts';
import type { Limits } from '../../server/config/limits.ts';
import type { Log } from '../../server/kernel/log.ts';
import type { BoundAddress } from '../../server/net/tcp.ts';

/** One line of the server's log. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A log that keeps its lines for assertions. */
export function recordingLog(): Log & { lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at = (level: LogLine['level']) => (fields: object, message: string) => void lines.push({ level, fields: { ...fields }, message });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A running server for one test, stopped at its end. */
export interface TestServer {
  readonly server: ChopChop;
  readonly address: BoundAddress;
  readonly log: ReturnType<typeof recordingLog>;
}

const HOUR_MS = 3_600_000;

/** Time limits that a test must not reach on a busy machine. A test of one of them sets its own. */
export const PATIENT_LIMITS: Partial<Limits> = { loginTimeoutMs: HOUR_MS, stalledAfterMs: HOUR_MS, logWindowMs: HOUR_MS };

/** Starts a server on a free port. */
export async function startServer(t: TestContext, input: ConfigInput = {}): Promise<TestServer> {
  const log = recordingLog();
  const server = new ChopChop(createConfig({ port: 0, ...input, limits: { ...PATIENT_LIMITS, ...input.limits } }), log);
  const [address] = (await server.start()) as [BoundAddress];
  t.after(() => server.stop());
  return { server, address, log };
}
