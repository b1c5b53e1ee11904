import { Registry } from 'prom-client';
import type { ChopChop } from '../../compose/chopchop.ts';
import { routerName } from '../../config/config.ts';
import { VERSION } from '../../kernel/version.ts';
import type { Trace } from '../trace/trace.ts';
import type { TraceSummary } from '../trace/trace-entry.ts';
import { LatencyMetric } from './latency-metric.ts';
import { Meters, type Values } from './meters.ts';
import { addProcessMetrics } from './process-metrics.ts';

const PREFIX = 'opensrf_chopchop_';

/** The metrics for Prometheus. Nearly all are read from the server's own counts at each scrape. */
export class Metrics {
  private readonly registry = new Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>();
  private readonly latency: LatencyMetric;

  constructor(server: ChopChop, trace: Trace) {
    const { registry } = this;
    const { metricSeries } = server.config.limits;
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    addProcessMetrics(registry);
    const meters = new Meters({ registry, prefix: PREFIX, guard: server.guards.create('metrics', null), maxSeries: metricSeries });
    addServerMetrics(meters, server);
    addRouterMetrics(meters, server);
    meters.counter('trace_unseen_stanzas', 'Stanzas that the trace did not look at because there were too many', [], () => [[{}, trace.unseen]]);
    const isThere = (service: string) => service === 'router' || [...server.routers.values()].some(({ classes }) => classes.has(service));
    this.latency = new LatencyMetric(registry, PREFIX, isThere, metricSeries);
  }

  /** A request is over. */
  ended({ type, service, state, durationMs }: TraceSummary): void {
    if (type === 'REQUEST' && durationMs !== null) this.latency.observe(service, state, durationMs / 1000);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }
}

function addServerMetrics(meters: Meters, server: ChopChop): void {
  const { counts, guards } = server;
  meters.gauge('info', 'The version that runs', ['version'], () => [[{ version: VERSION }, 1]]);
  meters.gauge('sessions', 'Sessions that are logged in, by domain', ['domain'], () => sessionsByDomain(server));
  meters.gauge('connections', 'Connections that are open, logged in or not', [], () => [[{}, server.connections.size]]);
  meters.gauge('stalled_sessions', 'Sessions whose peers read no more', [], () => [[{}, [...server.sessions].filter(({ stalled }) => stalled).length]]);
  meters.gauge('outbox_bytes', 'What waits for peers to read it', [], () => [[{}, sum(server.sessions, ({ link }) => link.outboxBytes)]]);
  meters.counter('logins', 'Sessions bound', [], () => [[{}, counts.logins]]);
  meters.counter('stanzas', 'Stanzas, by direction as the server sees it', ['direction'], () => {
    const { stanzasRead, stanzasDelivered } = server.traffic();
    return [
      [{ direction: 'in' }, stanzasRead],
      [{ direction: 'out' }, stanzasDelivered],
    ];
  });
  meters.counter('bytes', 'Bytes, by direction as the server sees it', ['direction'], () => {
    const { bytesRead, bytesWritten } = server.traffic();
    return [
      [{ direction: 'in' }, bytesRead],
      [{ direction: 'out' }, bytesWritten],
    ];
  });
  meters.counter('bounces', 'Stanzas sent back, by stanza error condition', ['condition'], () =>
    Array.from(counts.bounces, ([condition, count]) => [{ condition }, count] as const),
  );
  meters.counter('closed_connections', 'Connections closed, by reason', ['reason'], () =>
    Array.from(counts.closes, ([reason, count]) => [{ reason }, count] as const),
  );
  meters.counter('observer_failures', 'Failures of observers (the trace, a recording) and timers, which the traffic does not notice', ['observer'], () =>
    Array.from(guards.failures, ([observer, count]) => [{ observer }, count] as const),
  );
}

function addRouterMetrics(meters: Meters, server: ChopChop): void {
  meters.counter('routed_messages', 'Messages handed to listeners, by service and listener', ['domain', 'service', 'listener'], () =>
    nodeValues(server, 'count'),
  );
  meters.counter('answered_requests', 'Requests whose answer has come or begun, by service and listener', ['domain', 'service', 'listener'], () =>
    nodeValues(server, 'answered'),
  );
  meters.gauge('unanswered_requests', 'Requests handed to a listener that nobody has answered yet', ['domain', 'service', 'listener'], () =>
    nodeValues(server, 'unanswered'),
  );
  meters.counter('forgotten_requests', 'Unanswered requests that were forgotten because there were too many', [], () => [[{}, server.unanswered.forgotten]]);
  meters.counter('refused_requests', 'Requests that the router refused, by status code', ['domain', 'code'], () =>
    [...server.routers].flatMap(([domain, { refusalCounts }]) => Array.from(refusalCounts, ([code, count]) => [{ domain, code }, count] as const)),
  );
  meters.gauge('router_suspended', 'Whether a router from outside has the place of the internal one', ['domain', 'router'], () =>
    Array.from(server.routers, ([domain, { suspended }]) => [{ domain, router: routerName(server.config.router, domain) }, Number(suspended)] as const),
  );
}

function nodeValues({ routers }: ChopChop, key: 'count' | 'answered' | 'unanswered'): Values {
  return [...routers].flatMap(([domain, { classes }]) =>
    [...classes.values()].flatMap(({ name: service, nodes }) =>
      Array.from(nodes.values(), (node) => [{ domain, service, listener: node.jid }, node[key]] as const),
    ),
  );
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
