import type { ClusterReport } from '../../cluster/cluster-report.ts';
import type { ServerReport } from '../../control/server-report.ts';
import type { RouterReport } from '../../control/services.ts';
import { SYSTEM_TIME } from '../../kernel/clock.ts';
import { VERSION } from '../../kernel/version.ts';
import type { ServerVersion } from '../../osrf/server-version.ts';
import { oneLine } from './one-line.ts';

/** One check; `ms` is null if it was skipped or failed. */
export interface Step {
  readonly ok: boolean;
  readonly ms: number | null;
  readonly what: string;
}

/** The report of `status`, as in its JSON. */
export interface Report {
  /** The source of the router's data. */
  readonly source: { readonly kind: 'control' | 'jabber'; readonly note: string };
  readonly server: Step;
  readonly login: Step;
  readonly router: Step & { readonly services: readonly string[] | null };
  /** The Jabber server's version, if known. */
  readonly version: ServerVersion | null;
  /** The control interface's report; null: not asked. */
  readonly control: ControlSummary | null;
}

/** A server in numbers. */
export interface ControlSummary
  extends Pick<ServerReport, 'pid' | 'startedAt' | 'sessions' | 'connections' | 'unanswered' | 'counts' | 'closes' | 'bounces' | 'load' | 'cluster' | 'peers'> {
  readonly at: string;
  readonly routers: readonly RouterSummary[];
}

/** A router of the server. */
export interface RouterSummary {
  readonly router: string;
  readonly suspended: boolean;
  readonly refusals: RouterReport['refusals'];
  readonly services: readonly ServiceSummary[];
}

/** A service and its pool of listeners. */
export interface ServiceSummary {
  readonly service: string;
  readonly listeners: number;
  readonly draining: number;
  readonly stalled: number;
  readonly requests: number;
  readonly unanswered: number;
}

/** The report as text. */
export function lines({ source, server, login, router, version, control }: Report): string[] {
  const line = ({ ok, ms, what }: Step) => `${ok ? 'ok  ' : 'no  '} ${what}${ms === null ? '' : `  ${ms} ms`}`;
  const services = router.services === null ? '' : `, ${counted(router.services.length, 'service')}`;
  const software = version === null ? 'unknown' : oneLine(`${version.name} ${version.version}${version.os === '' ? '' : ` (${version.os})`}`);
  const note = source.note === '' ? '' : ` (${oneLine(source.note)})`;
  return [
    `server   ${line(server)}`,
    `login    ${line(login)}`,
    `router   ${line(router)}${services}`,
    `version  ${software}; this is opensrf-chopchop ${VERSION}`,
    `source   ${source.kind === 'control' ? 'control interface' : 'Jabber'}${note}`,
    ...(control === null ? [] : controlLines(control)),
  ];
}

function controlLines({
  at,
  pid,
  startedAt,
  sessions,
  connections,
  unanswered,
  counts,
  closes,
  bounces,
  load,
  cluster,
  peers,
  routers,
}: ControlSummary): string[] {
  const lost = [...tally(closes, 'closed'), ...tally(bounces, 'bounced')];
  return [
    `control  ${at}  process ${pid}, up ${upFor((SYSTEM_TIME.wallTime() - startedAt) / 1000)}`,
    `now      ${counted(sessions, 'session')}, ${counted(connections, 'connection')}, ${unanswered} unanswered`,
    `so far   ${counted(counts['logins'] ?? 0, 'login')}${lost.length === 0 ? '' : `; ${lost.join('; ')}`}`,
    `loop     ${counted(load.turns, 'turn')}, the longest ${load.longestTurnMs} ms; ${counted(load.waitingJobs, 'job')} waiting${troubles(load)}`,
    `memory   ${memoryLine(load.memory)}`,
    ...(cluster === null ? [] : clusterLines(cluster)),
    ...peers.map(peerLine),
    ...routers.flatMap(routerLines),
  ];
}

function clusterLines({ name, member, connected, members }: ClusterReport): string[] {
  const others = members.map(({ name: other, suspect, sessions, unackedBytes, queuedBytes, roundTripMs }) => {
    const state = suspect ? 'suspect' : `round trip ${roundTripMs} ms`;
    return `member   ${other}: ${state}, ${counted(sessions, 'session')}, ${megabytes(unackedBytes + queuedBytes)} on the way`;
  });
  return [`cluster  ${name}: this is ${member}, ${connected ? 'connected' : 'NOT CONNECTED'}, ${counted(members.length, 'other member')}`, ...others];
}

function peerLine({ domain, address, outgoing, incoming, ...facts }: ServerReport['peers'][number]): string {
  const { queuedStanzas, queuedBytes, connectedAt, failures, problem, problemAt } = facts;
  const parts = [
    outgoing.length === 0 ? 'no stream open to it' : `takes stanzas of ${outgoing.join(', ')} at ${address}`,
    incoming.length === 0 ? 'none open from it' : `sends to ${incoming.join(', ')}`,
    connectedAt === null ? '' : `connected for ${ageOf(connectedAt)}`,
    queuedStanzas === 0 ? '' : `${counted(queuedStanzas, 'stanza')} (${megabytes(queuedBytes)}) wait`,
    failures === 0 ? '' : counted(failures, 'failure'),
    problem === '' || problemAt === null ? '' : `${ageOf(problemAt)} ago: ${oneLine(problem)}`,
  ];
  return `peer     ${domain}: ${parts.filter((part) => part !== '').join('; ')}`;
}

function ageOf(at: number): string {
  return upFor((SYSTEM_TIME.wallTime() - at) / 1000);
}

function tally(counts: Readonly<Record<string, number>>, what: string): string[] {
  const each = Object.entries(counts).map(([reason, count]) => `${count} ${reason}`);
  return each.length === 0 ? [] : [`${what}: ${each.join(', ')}`];
}

function memoryLine({ limitBytes, keptBytes, closed, full, largest: [largest] }: ServerReport['load']['memory']): string {
  const most = largest === undefined ? '' : `, ${megabytes(largest.bytes)} of it for ${oneLine(largest.peer)}`;
  const trouble = [closed > 0 && `${counted(closed, 'peer')} closed for it`, full && 'nothing more is kept'].filter((part) => part !== false);
  return [`${megabytes(keptBytes)} of ${megabytes(limitBytes)} kept for peers${most}`, ...trouble].join('; ');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function troubles({ observerFailures, lostLogLines, suppressedLogLines }: ServerReport['load']): string {
  const failures = tally(observerFailures, 'observer failures');
  const lines = [lostLogLines > 0 && `${lostLogLines} log lines lost`, suppressedLogLines > 0 && `${suppressedLogLines} left out`];
  const all = [...failures, ...lines.filter((part) => part !== false)];
  return all.length === 0 ? '' : `; ${all.join('; ')}`;
}

function routerLines({ router, suspended, services }: RouterSummary): string[] {
  if (suspended) return [`pool     ${router}: an outside router has its place`];
  return services.map(({ service, listeners, draining, stalled, requests, unanswered }) => {
    const some = [draining > 0 && `${draining} draining`, stalled > 0 && `${stalled} stalled`].filter((part) => part !== false);
    const state = some.length === 0 ? '' : ` (${some.join(', ')})`;
    return `pool     ${router} ${oneLine(service)}: ${counted(listeners, 'listener')}${state}, ${counted(requests, 'request')}, ${unanswered} unanswered`;
  });
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function upFor(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
