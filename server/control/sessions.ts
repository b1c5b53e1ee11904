import { StreamError } from '../../shared/errors.ts';
import type { ChopChop } from '../compose/chopchop.ts';
import type { Log } from '../kernel/log.ts';
import type { Bits } from '../kernel/slices.ts';
import type { TransportKind } from '../net/transport.ts';
import { RemoteSession } from '../sessions/remote-session.ts';
import type { Session } from '../sessions/session.ts';
import { json, problem, type Route } from './http.ts';
import { jsonList, slicedJson, withMember } from './sliced.ts';

/**
 * The role of a session in OpenSRF. The server knows `router`, `listener`, `component` and `gateway` (a browser behind a web gateway of this process); it recognises a
 * `worker` by the resource that OpenSRF's libraries choose; any other session is a `client`.
 */
export type SessionRole = 'router' | 'listener' | 'worker' | 'component' | 'peer' | 'gateway' | 'client';

/** A session's report. Bytes and stanzas are counted from the login on. */
export interface SessionReport {
  readonly jid: string;
  /** The member of the cluster that has it; `''`: there is no cluster. */
  readonly member: string;
  /** `USERNAME@DOMAIN`; a component's domain. */
  readonly account: string;
  readonly domain: string;
  readonly role: SessionRole;
  /** The services that it is registered or working for. */
  readonly services: readonly string[];
  /** The peer's address, `ADDRESS:PORT`, or `this process`; `''` for a session of another member. */
  readonly peer: string;
  /** `tcp`, `tls`, `unix`, `memory`…; `cluster`: its stanzas come through another member, which alone counts its bytes. */
  readonly transport: TransportKind | 'cluster';
  /** Whether it has lost its connection and may resume (XEP-0198). */
  readonly waiting: boolean;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly stanzasRead: number;
  readonly stanzasDelivered: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Its unread bytes. */
  readonly outboxBytes: number;
  /** Whether it has stopped reading, or has no connection. */
  readonly stalled: boolean;
  /** Unanswered requests that it was handed as a listener. */
  readonly unanswered: number;
}

const DEFAULT_LIMIT = 2_000;

export function sessionRoutes(server: ChopChop, log: Log): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/sessions',
      handle: ({ query }) => {
        const limit = Number(query.get('limit') ?? DEFAULT_LIMIT);
        if (!Number.isInteger(limit) || limit < 1) return problem(400, 'limit must be a whole number of at least 1');
        const others = query.get('member') === 'self' ? [] : server.sessionsElsewhere;
        return slicedJson(server.jobs, sessionList(server, others, limit));
      },
    },
    {
      method: 'DELETE',
      path: '/api/v1/sessions/*',
      handle: ({ path: [jid = ''] }) => {
        const session = [...server.sessions].find((one) => one.jid === jid);
        const elsewhere = session === undefined ? [...server.sessionsElsewhere].find((one) => one.jid === jid) : undefined;
        if (session === undefined && elsewhere === undefined) return problem(404, `no session ${jid}`);
        log.info({ jid }, 'session closed, by the control interface');
        session?.close('closed-by-operator', new StreamError('policy-violation', 'an operator closed this session'));
        elsewhere?.carrier.end(elsewhere, 'closed-by-operator');
        return json({ closed: jid });
      },
    },
  ];
}

interface Registration {
  readonly services: Set<string>;
  unanswered: number;
}

/** The JSON of `{total, sessions}`. @param others The sessions of other members. */
export function* sessionList(server: ChopChop, others: Iterable<RemoteSession>, limit = DEFAULT_LIMIT): Bits<string> {
  const registrations = yield* registrationsOf(server);
  const elsewhere = [...others];
  const own = server.config.cluster?.member ?? '';
  const list = yield* jsonList(reports([...server.sessions, ...elsewhere], registrations, { own, limit }));
  return withMember({ total: server.sessions.size + elsewhere.length }, 'sessions', list);
}

function* reports(
  sessions: readonly (Session | RemoteSession)[],
  registrations: ReadonlyMap<string, Registration>,
  { own, limit }: { readonly own: string; readonly limit: number },
): Iterable<SessionReport> {
  for (const session of sessions.slice(0, limit)) {
    const registration = registrations.get(session.jid);
    yield session instanceof RemoteSession ? reportElsewhere(session, registration) : { ...report(session, registration), member: own };
  }
}

/** By listener's JID. A session may be registered for thousands of services. */
function* registrationsOf({ routers }: ChopChop): Bits<Map<string, Registration>> {
  const registrations = new Map<string, Registration>();
  for (const router of routers.values()) {
    for (const service of router.classes.values()) {
      for (const node of service.nodes.values()) {
        const registration = registrations.get(node.jid) ?? { services: new Set(), unanswered: 0 };
        registration.services.add(service.name);
        registration.unanswered += node.outstanding;
        registrations.set(node.jid, registration);
        yield;
      }
    }
  }
  return registrations;
}

function report(session: Session, registration: Registration | undefined): Omit<SessionReport, 'member'> {
  const { jid, bareJid, origin, link, since, stanzasRead, stanzasDelivered, stalled } = session;
  const [role, services] = roleOf(session, registration);
  return {
    jid,
    account: bareJid,
    domain: origin.domain,
    role,
    services,
    peer: link.peer,
    transport: link.kind,
    waiting: !link.open,
    since,
    stanzasRead,
    stanzasDelivered,
    bytesRead: link.bytesRead,
    bytesWritten: link.bytesWritten,
    outboxBytes: link.outboxBytes,
    stalled,
    unanswered: registration?.unanswered ?? 0,
  };
}

function reportElsewhere(session: RemoteSession, registration: Registration | undefined): SessionReport {
  const { jid, bareJid, origin, carrier, since, stanzasRead, stalled } = session;
  const [role, services] = roleOf(session, registration);
  return {
    jid,
    member: carrier.member,
    account: bareJid,
    domain: origin.domain,
    role,
    services,
    peer: '',
    transport: 'cluster',
    waiting: false,
    since,
    stanzasRead,
    stanzasDelivered: 0,
    bytesRead: 0,
    bytesWritten: 0,
    outboxBytes: 0,
    stalled,
    unanswered: registration?.unanswered ?? 0,
  };
}

function roleOf(session: Session | RemoteSession, registration: Registration | undefined): [SessionRole, readonly string[]] {
  const { kind, jid, bareJid, origin } = session;
  if (registration !== undefined) return ['listener', [...registration.services]];
  if (kind !== 'client') return [kind, []];
  if ('link' in session && session.link.kind === 'web') return ['gateway', []];
  const resource = jid.slice(bareJid.length + 1);
  const worksFor = /^(.+?)_drone_/.exec(resource)?.[1];
  if (worksFor !== undefined) return ['worker', [worksFor]];
  return [origin.isRouterAccount ? 'router' : 'client', []];
}
