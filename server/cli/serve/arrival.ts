import { closeSync } from 'node:fs';
import type { Arrival, ChopChop } from '../../compose/chopchop.ts';
import type { Keeper } from '../../process/keeper.ts';
import type { Predecessor } from '../../process/predecessor.ts';

/** What a server needs to take over the work of its predecessor. @param obeySignals Called before it serves. */
export function arrivalOf(predecessor: Predecessor, server: ChopChop, keeper: Keeper, obeySignals: () => void): Arrival {
  takeAccepted(predecessor, server);
  const { listeners, connections, sessionNumber } = predecessor.inheritance;
  const left = new Map(listeners.map((listener, index) => [listener.key, { ...listener, descriptor: predecessor.listener(index) }]));
  return {
    sockets: {
      take(key) {
        const found = left.get(key) ?? null;
        left.delete(key);
        return found;
      },
    },
    connections: Array.from({ length: connections }, (_, index) => predecessor.connection(index)),
    sessionNumber,
    async state() {
      // The configuration no longer has these.
      for (const { descriptor } of left.values()) closeSync(descriptor);
      return predecessor.state();
    },
    serve() {
      obeySignals();
      predecessor.serve();
      keeper.serve();
    },
  };
}

/** Goes on with the sockets that the predecessor accepts meanwhile. */
function takeAccepted(predecessor: Predecessor, server: ChopChop): void {
  const { listeners } = predecessor.inheritance;
  predecessor.onAccepted = (index, handle) => {
    const known = server.take(listeners[index]?.key ?? '', handle);
    // The configuration no longer has the port.
    if (!known) (handle as { close(): void }).close();
  };
}
