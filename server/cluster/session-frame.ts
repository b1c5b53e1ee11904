import type { RoutedSession } from '../../router/ports/environment.ts';
import { detached } from '../../shared/detach.ts';
import { isLocalPart, isResource, normalizeDomain } from '../../shared/jid.ts';
import type { RemoteIdentity } from '../sessions/remote-session.ts';
import type { Session } from '../sessions/session.ts';
import { FRAME_KINDS, type Frame, numberAt, textAt, writeFrame } from './frame.ts';
import { FrameError } from './link/members.ts';

const COMPONENT = 1;
const ROUTER_ACCOUNT = 2;
const VERSIONLESS = 4;
const PEER = 8;

const FLAGS_OF: Readonly<Record<Session['kind'], number>> = { client: 0, component: COMPONENT, peer: PEER };

function kindOf(flags: number): Session['kind'] {
  if ((flags & PEER) !== 0) return 'peer';
  return (flags & COMPONENT) === 0 ? 'client' : 'component';
}

/** Announces a session of this member. */
export function writeBound(session: Session & Pick<RoutedSession, 'host'>, claim: number): string {
  const { kind, jid, bareJid, origin, isVersionless, since, host } = session;
  const flags = FLAGS_OF[kind] | (origin.isRouterAccount ? ROUTER_ACCOUNT : 0) | (isVersionless ? VERSIONLESS : 0);
  const username = bareJid === origin.domain ? '' : bareJid.slice(0, -origin.domain.length - 1);
  const resource = jid === bareJid ? '' : jid.slice(bareJid.length + 1);
  return writeFrame(FRAME_KINDS.bound, [origin.session, Math.round(since), claim, flags], username, origin.domain, resource, host);
}

/** Reads an announcement. @throws FrameError */
export function readBound(frame: Frame): RemoteIdentity {
  const flags = numberAt(frame, 3);
  const [username, domain, resource] = [textAt(frame, 0), textAt(frame, 1), textAt(frame, 2)];
  checkAddress(username, domain, resource);
  return {
    kind: kindOf(flags),
    username: detached(username),
    domain: detached(domain),
    resource: detached(resource),
    isRouterAccount: (flags & ROUTER_ACCOUNT) !== 0,
    isVersionless: (flags & VERSIONLESS) !== 0,
    number: numberAt(frame, 0),
    since: numberAt(frame, 1),
    host: detached(textAt(frame, 3)),
    claim: numberAt(frame, 2),
  };
}

/** @throws FrameError if it is no address as {@link parseJid} makes it */
function checkAddress(username: string, domain: string, resource: string): void {
  const isAddress = normalizeDomain(domain) === domain && (username === '' || isLocalPart(username)) && (resource === '' || isResource(resource));
  if (!isAddress) throw new FrameError('a session without a valid address');
}
