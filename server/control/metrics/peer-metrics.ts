import type { ChopChop } from '../../compose/chopchop.ts';
import type { PeerFacts } from '../../federation/federation.ts';
import { SYSTEM_TIME } from '../../kernel/clock.ts';
import type { Labels, Meters } from './meters.ts';

/** The metrics of the peer servers; without any, they have no series. */
export function addPeerMetrics(meters: Meters, server: ChopChop): void {
  const each = (value: (facts: PeerFacts) => number) => () => peersOf(server).map((facts) => [{ peer: facts.domain }, value(facts)] as const);
  meters.gauge(
    'peer_up',
    'Whether a peer server takes stanzas',
    ['peer'],
    each(({ outgoing }) => Number(outgoing.length > 0)),
  );
  meters.gauge('peer_pairs', 'Verified pairs of an own domain and that of a peer server, by direction', ['peer', 'direction'], () =>
    peersOf(server).flatMap(({ domain, incoming, outgoing }): (readonly [Labels, number])[] => [
      [{ peer: domain, direction: 'in' }, incoming.length],
      [{ peer: domain, direction: 'out' }, outgoing.length],
    ]),
  );
  meters.gauge(
    'peer_queued_stanzas',
    'Stanzas that wait for a stream to a peer server',
    ['peer'],
    each(({ queuedStanzas }) => queuedStanzas),
  );
  meters.gauge(
    'peer_queued_bytes',
    'Bytes of stanzas that wait for a stream to a peer server',
    ['peer'],
    each(({ queuedBytes }) => queuedBytes),
  );
  meters.gauge(
    'peer_stream_age_seconds',
    'Age of the oldest stream to or from a peer server; 0: none',
    ['peer'],
    each(({ connectedAt }) => (connectedAt === null ? 0 : (SYSTEM_TIME.wallTime() - connectedAt) / 1000)),
  );
  meters.counter(
    'peer_failures',
    'Failures to reach a peer server, or to keep its stream',
    ['peer'],
    each(({ failures }) => failures),
  );
}

function peersOf({ federation }: ChopChop): readonly PeerFacts[] {
  return federation?.peers ?? [];
}
