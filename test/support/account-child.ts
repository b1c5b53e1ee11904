// A server in its own process, run with --expose-gc: on each message it reports the memory in its budget and the memory of the process.
import { setImmediate as turn } from 'node:timers/promises';
import { ChopChop } from '../../server/compose/chopchop.ts';
import { createConfig } from '../../server/config/config.ts';
import { recordingLog } from './server.ts';

const limits = { stalledAfterMs: 3_600_000, stalledBytes: 2 ** 30, backlogBytes: 2 ** 30, logLifeLines: 1, logLinesOfKind: 1 };
const server = new ChopChop(createConfig({ port: 0, domains: ['localhost'], router: { holdMs: 3_600_000 }, limits }), {
  ...recordingLog(),
  info() {},
  warn() {},
});
const [address] = await server.start();

/** @param collections The number of garbage collections first. */
async function measure(collections: number): Promise<{ charged: number; held: number; sessions: number }> {
  for (let times = 0; times < collections; times++) {
    globalThis.gc?.();
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return { charged: server.memory.bytes, held: heapUsed + external, sessions: server.connections.size };
}

process.on('message', (collections) => void measure(Number(collections)).then((measured) => process.send?.(measured)));
process.on('disconnect', () => process.exit());
process.send?.({ address });
