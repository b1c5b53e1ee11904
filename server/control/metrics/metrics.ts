import { Registry } from 'prom-client';
import type { MemberReport } from '../../cluster/cluster-report.ts';
import type { ChopChop } from '../../compose/chopchop.ts';
import { routerName } from '../../config/config.ts';
import type { ServerClock } from '../../kernel/clock.ts';
import type { Guard } from '../../kernel/guard.ts';
import { VERSION } from '../../kernel/version.ts';
import type { EndedRequest } from '../trace/ended-request.ts';
import type { Trace } from '../trace/trace.ts';
import { asPrometheusText, type Exposition } from './exposition.ts';
import { LatencyMetric } from './latency-metric.ts';
import type { Load } from './load.ts';
import { Meters, type Values } from './meters.ts';
import { addPeerMetrics } from './peer-metrics.ts';
import { addProcessMetrics } from './process-metrics.ts';

const PREFIX = 'opensrf_chopchop_';

/** The metrics for Prometheus. Nearly all come from the server's own counts at each scrape. */
export class Metrics {
  private readonly registry = new Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>();
  private readonly latency: LatencyMetric;

  /** The keys of the metrics in the registry. */
  private readonly names: readonly string[];
  private readonly clock: Pick<ServerClock, 'soon'>;
  private readonly guard: Guard;
  private readonly trace: Trace;

  constructor(server: ChopChop, trace: Trace, load: Load) {
    const { registry } = this;
    this.clock = server.clock;
    this.trace = trace;
    this.guard = server.guards.create('metrics', null);
    const { metricSeries } = server.config.limits;
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    addProcessMetrics(registry);
    const meters = new Meters({ registry, prefix: PREFIX, guard: this.guard, maxSeries: metricSeries });
    addServerMetrics(meters, server);
    addRouterMetrics(meters, server);
    addLoadMetrics(meters, load);
    addMemoryMetrics(meters, server);
    meters.counter('trace_unseen_stanzas', 'Stanzas that the trace did not observe because there were too many', [], () => [[{}, trace.unseen]]);
    meters.counter('trace_unseen_requests', 'Requests handed to listeners that the trace did not observe', [], () => [[{}, trace.unseenRequests]]);
    const isThere = (service: string) => service === 'router' || [...server.routers.values()].some(({ classes }) => classes.has(service));
    this.latency = new LatencyMetric(registry, PREFIX, isThere, metricSeries);
    this.names = registry.getMetricsAsArray().map(({ name }) => name);
    // OpenMetrics names a counter without the suffix of its samples.
    for (const metric of registry.getMetricsAsArray()) if (isCounter(metric)) metric.name = metric.name.replace(/_total$/, '');
  }

  /** A request is over. */
  ended({ type, service, outcome, durationMs }: EndedRequest): void {
    if (type === 'REQUEST' && outcome !== 'unseen') this.latency.observe(service, outcome, durationMs / 1000);
  }

  /** Writes one metric per turn of the event loop: thousands of series take some milliseconds. */
  async text(exposition: Exposition): Promise<string> {
    this.trace.update();
    const texts: string[] = [];
    for (const name of this.names) {
      await new Promise<void>((resolve) => this.clock.soon(resolve));
      // The failure of one metric leaves the others intact.
      await this.registry.getSingleMetricAsString(name).then(
        (text) => texts.push(exposition === 'openmetrics' ? text : asPrometheusText(text)),
        (error: unknown) => this.guard.failed(error),
      );
    }
    return `${texts.join('\n')}\n${exposition === 'openmetrics' ? '# EOF\n' : ''}`;
  }
}

function addServerMetrics(meters: Meters, server: ChopChop): void {
  const { counts } = server;
  meters.gauge('info', 'The running version', ['version'], () => [[{ version: VERSION }, 1]]);
  meters.gauge('sessions', 'Sessions, by domain', ['domain'], () => sessionsByDomain(server));
  meters.gauge('connections', 'Open connections, logged in or not', [], () => [[{}, server.connections.size]]);
  meters.gauge('gateway_sessions', 'Sessions of browsers behind the web gateways', [], () => [
    [{}, [...server.sessions].filter(({ link }) => link.kind === 'web').length],
  ]);
  meters.gauge('stalled_sessions', 'Sessions whose peers have stopped reading', [], () => [[{}, [...server.sessions].filter(({ stalled }) => stalled).length]]);
  meters.gauge('outbox_bytes', 'Unread bytes of all peers', [], () => [[{}, sum(server.sessions, ({ link }) => link.outboxBytes)]]);
  addPeerMetrics(meters, server);
  meters.counter('logins', 'Sessions bound', [], () => [[{}, counts.logins]]);
  meters.counter('stanzas', 'Stanzas, by direction from the view of the server', ['direction'], () => {
    const { stanzasRead, stanzasDelivered } = server.traffic();
    return [
      [{ direction: 'in' }, stanzasRead],
      [{ direction: 'out' }, stanzasDelivered],
    ];
  });
  meters.counter('bytes', 'Bytes, by direction from the view of the server', ['direction'], () => {
    const { bytesRead, bytesWritten } = server.traffic();
    return [
      [{ direction: 'in' }, bytesRead],
      [{ direction: 'out' }, bytesWritten],
    ];
  });
  addClusterMetrics(meters, server);
  meters.counter('bounces', 'Bounced stanzas, by stanza error condition', ['condition'], () =>
    Array.from(counts.bounces, ([condition, count]) => [{ condition }, count] as const),
  );
  meters.counter('closed_connections', 'Connections closed, by reason', ['reason'], () =>
    Array.from(counts.closes, ([reason, count]) => [{ reason }, count] as const),
  );
}

function addLoadMetrics(meters: Meters, load: Load): void {
  const report = () => load.report();
  meters.counter('turns', 'Turns of the event loop with input or output', [], () => [[{}, report().turns]]);
  meters.gauge('longest_turn_seconds', 'The longest of these turns since the start', [], () => [[{}, report().longestTurnMs / 1000]]);
  meters.counter('slices', 'Slices of long jobs', [], () => [[{}, report().slices]]);
  meters.gauge('waiting_jobs', 'Long jobs that wait for their next slice', [], () => [[{}, report().waitingJobs]]);
  meters.counter('observer_failures', 'Failures of observers (the trace, a recording) and timers, isolated from the traffic', ['observer'], () =>
    Object.entries(report().observerFailures).map(([observer, count]) => [{ observer }, count] as const),
  );
  meters.counter('lost_log_lines', 'Log lines that the destination of the log dropped', [], () => [[{}, report().lostLogLines]]);
  meters.counter('suppressed_log_lines', 'Log lines beyond logLinesOfKind and logLifeLines', [], () => [[{}, report().suppressedLogLines]]);
}

function addMemoryMetrics(meters: Meters, { memory }: ChopChop): void {
  meters.gauge('memory_limit_bytes', 'Memory that the server may keep for its peers', [], () => [[{}, memory.limit]]);
  meters.gauge('memory_kept_bytes', 'Memory kept for peers', [], () => [[{}, memory.bytes]]);
  meters.gauge('memory_pending_bytes', 'Memory kept for connections before login', [], () => [[{}, memory.pendingBytes]]);
  meters.gauge('memory_largest_bytes', 'Memory kept for the peer with the most', [], () => [[{}, memory.largest(1)[0]?.bytes ?? 0]]);
  meters.counter('memory_closed_peers', 'Peers closed to free their memory', [], () => [[{}, memory.givenUp]]);
}

function addRouterMetrics(meters: Meters, server: ChopChop): void {
  meters.counter('routed_messages', 'Messages handed to listeners, by service and listener', ['domain', 'service', 'listener'], () =>
    nodeValues(server, 'count'),
  );
  meters.counter('answered_requests', 'Requests whose answer has begun or is complete, by service and listener', ['domain', 'service', 'listener'], () =>
    nodeValues(server, 'answered'),
  );
  meters.gauge('unanswered_requests', 'Unanswered requests of a listener', ['domain', 'service', 'listener'], () => nodeValues(server, 'unanswered'));
  meters.counter('forgotten_requests', 'Unanswered requests forgotten because of a limit', [], () => [[{}, server.unanswered.forgotten]]);
  meters.counter('refused_requests', 'Requests refused by the router, by status code', ['domain', 'code'], () =>
    [...server.routers].flatMap(([domain, { refusalCounts }]) => Array.from(refusalCounts, ([code, count]) => [{ domain, code }, count] as const)),
  );
  meters.gauge('router_suspended', 'Whether an external router has replaced the internal one', ['domain', 'router'], () =>
    Array.from(server.routers, ([domain, { suspended }]) => [{ domain, router: routerName(server.config.router, domain) }, Number(suspended)] as const),
  );
}

function* nodeValues({ routers }: ChopChop, key: 'count' | 'answered' | 'unanswered'): Values {
  for (const [domain, { classes }] of routers) {
    for (const { name: service, nodes } of classes.values()) {
      for (const node of nodes.values()) yield [{ domain, service, listener: node.jid }, node[key]];
    }
  }
}

function isCounter(metric: object): boolean {
  return 'type' in metric && metric.type === 'counter';
}

function sessionsByDomain({ sessions, config }: ChopChop): Values {
  const byDomain = new Map(config.domains.map((domain) => [domain, 0]));
  for (const {
    origin: { domain },
  } of sessions)
    byDomain.set(domain, (byDomain.get(domain) ?? 0) + 1);
  return Array.from(byDomain, ([domain, count]) => [{ domain }, count] as const);
}

function sum<Item>(items: Iterable<Item>, value: (item: Item) => number): number {
  let total = 0;
  for (const item of items) total += value(item);
  return total;
}

/** None without a cluster. */
function addClusterMetrics(meters: Meters, server: ChopChop): void {
  if (server.config.cluster === null) return;
  const each = (value: (report: MemberReport) => number) => () =>
    (server.clusterReport?.members ?? []).map((report) => [{ member: report.name }, value(report)] as const);
  meters.gauge('cluster_connected', 'Whether this member is connected to NATS', [], () => [[{}, server.clusterReport?.connected === true ? 1 : 0]]);
  meters.gauge('cluster_members', 'Members of the cluster, this one included', [], () => [[{}, (server.clusterReport?.members.length ?? 0) + 1]]);
  meters.gauge(
    'remote_sessions',
    'Sessions of other members of the cluster',
    ['member'],
    each(({ sessions }) => sessions),
  );
  meters.gauge(
    'link_unacked_bytes',
    'Bytes that another member has not acknowledged',
    ['member'],
    each(({ unackedBytes }) => unackedBytes),
  );
  meters.gauge(
    'link_queue_bytes',
    'Bytes that wait for another member',
    ['member'],
    each(({ queuedBytes }) => queuedBytes),
  );
  meters.gauge(
    'link_rtt_seconds',
    'Round trip to another member',
    ['member'],
    each(({ roundTripMs }) => roundTripMs / 1_000),
  );
  meters.counter(
    'link_batches',
    'Batches sent to another member',
    ['member'],
    each(({ batches }) => batches),
  );
  meters.counter(
    'link_resent',
    'Batches sent again',
    ['member'],
    each(({ resent }) => resent),
  );
  meters.counter(
    'link_suspected',
    'How often another member was suspect',
    ['member'],
    each(({ suspected }) => suspected),
  );
  meters.counter(
    'link_lost',
    'How often another member was given up',
    ['member'],
    each(({ lost }) => lost),
  );
  meters.counter(
    'cluster_crossings',
    'Stanzas sent to another member',
    ['member'],
    each(({ crossings }) => crossings),
  );
  meters.counter('cluster_asks', 'Addresses for which other members were asked', [], () => [[{}, server.clusterReport?.asks ?? 0]]);
}
