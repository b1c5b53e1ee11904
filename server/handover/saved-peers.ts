import { type OriginOf, restoredStanza, type SavedStanza, savedStanza } from '../../shared/saved-stanza.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { InheritedConnection, SavedFederation } from '../federation/saved-federation.ts';
import type { Connection } from '../net/connection.ts';
import type { Framing } from '../net/framing.ts';
import { restoredOutput, type SavedOutput, type SavedPlace, savedOutput } from './saved-session.ts';

/** The connection of a peer server, as JSON. */
export interface SavedStream {
  readonly index: number;
  readonly place: SavedPlace;
  readonly output: SavedOutput;
}

/** All peer servers, as JSON. */
export type SavedPeers = SavedFederation<SavedStanza, SavedStream>;

/** Goes on with a connection of another process, in the format of its stream; null: that process has not given it. */
export type TakeConnection = (index: number, place: SavedPlace) => ((framing: Framing) => Connection) | null;

const NO_NUMBERS: ReadonlyMap<Stanza, number> = new Map();

/** Turns the peer servers into JSON. @param indexOf The index of a connection that the other process has too. */
export function savedPeers(peers: SavedFederation<Stanza, Connection>, indexOf: (connection: Connection) => number | undefined): SavedPeers {
  return converted(peers, savedStanza, (connection) => {
    const index = indexOf(connection);
    const saved = connection.save();
    if (index === undefined || saved === null) return null;
    const { kind, peer, remote } = connection.transport;
    return { index, place: { kind, peer, remote }, output: savedOutput(saved, NO_NUMBERS) };
  });
}

/** The peer servers of {@link savedPeers}. */
export function restoredPeers(peers: SavedPeers, originOf: OriginOf, take: TakeConnection): SavedFederation<Stanza, InheritedConnection> {
  const stanza = (saved: SavedStanza) => restoredStanza(saved, originOf);
  return converted(peers, stanza, ({ index, place, output }) => {
    const taken = take(index, place);
    return taken && { state: restoredOutput(output, (entry) => stanza(entry as SavedStanza)), take: taken };
  });
}

/** The stanzas for domains that are no longer peers, in order. */
export function stanzasWithoutPeer({ domains, outgoing }: SavedFederation<Stanza, InheritedConnection>, isPeer: (domain: string) => boolean): Stanza[] {
  const unwritten = outgoing.flatMap(({ connection, users }) => (users.some(isPeer) ? [] : connection.state.output.entries));
  const queued = domains.flatMap(({ domain, pairs }) => (isPeer(domain) ? [] : pairs.flatMap(({ queue }) => queue)));
  return [...unwritten.filter((entry) => typeof entry !== 'string'), ...queued];
}

function converted<S, C, ToS, ToC>(
  { secret, domains, outgoing, incoming, sent }: SavedFederation<S, C>,
  stanza: (one: S) => ToS,
  connection: (one: C) => ToC | null,
): SavedFederation<ToS, ToC> {
  const withConnection = <Stream extends { readonly connection: C }>(stream: Stream) => {
    const to = connection(stream.connection);
    return to === null ? [] : [{ ...stream, connection: to }];
  };
  return {
    secret,
    domains: domains.map((domain) => ({ ...domain, pairs: domain.pairs.map((pair) => ({ ...pair, queue: pair.queue.map(stanza) })) })),
    outgoing: outgoing.flatMap(withConnection),
    incoming: incoming.flatMap(withConnection),
    sent: sent.map(({ message, ageMs }) => ({ message: stanza(message), ageMs })),
  };
}
