import type { Endpoint } from '../../shared/endpoint.ts';
import type { Stanza } from '../../shared/stanza.ts';

/** The way to the member of the cluster that has the session of a peer's domain, or is to make it. */
export interface PeerOwner extends Endpoint {
  /** Hands over a stanza that the peer has sent to this member. */
  read(stanza: Stanza): void;
}

/** The other members of a cluster, all of which may exchange streams with the peers: one of them has the session of a peer's domain, and the streams with stanzas for it. */
export interface PeerMembers {
  /** Null: this member has the session of a domain, or is to make it. */
  owner(domain: string): PeerOwner | null;
}
