import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ChopChop } from '../compose/chopchop.ts';
import { routerName } from '../config/config.ts';
import type { Guard } from '../kernel/guard.ts';
import { VERSION } from '../kernel/version.ts';
import { addProcessMetrics } from './process-metrics.ts';
import type { Trace } from './trace/trace.ts';
import type { TraceSummary } from './trace/trace-entry.ts';

/** Seconds. OpenSRF's fastest methods take a fraction of a millisecond, its slowest a minute. */
const LATENCY_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

const PREFIX = 'opensrf_chopchop_';

/** What Prometheus is told. Nearly all of it is read off the server's own counts when somebody asks. */
export class Metrics {
  private readonly registry = new Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>();
  private readonly latency: Histogram<'service' | 'state'>;
  private readonly server: ChopChop;

  constructor(server: ChopChop, trace: Trace) {
    const { registry } = this;
    this.server = server;
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    addProcessMetrics(registry);
    const meters: Meters = { registry, guard: server.guards.create('metrics', null) };
    addServerMetrics(meters, server);
    addRouterMetrics(meters, server);
    addCounter(meters, 'trace_unseen_stanzas', 'Stanzas that the trace did not look at because there were too many', [], () => [[{}, trace.unseen]]);
    this.latency = new Histogram({
      name: `${PREFIX}request_duration_seconds`,
      help: 'From a request to the end of its answer, of the requests that the trace has looked at',
      labelNames: ['service', 'state'],
      buckets: LATENCY_BUCKETS,
      registers: [registry],
    });
  }

  /** A request is over. */
  ended({ type, service, state, durationMs }: TraceSummary): void {
    if (type !== 'REQUEST' || durationMs === null) return;
    // Anybody may ask for any name; those that nobody has registered would fill the memory.
    const known = service === 'router' || [...this.server.routers.values()].some(({ classes }) => classes.has(service));
    this.latency.observe({ service: known ? service : '', state }, durationMs / 1000);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }
}

type Labels = Readonly<Record<string, string | number>>;
type Values = Iterable<readonly [labels: Labels, value: number]>;
type Registered = Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>;

/** Where metrics are added. One that cannot be read leaves the others as they are. */
interface Meters {
  readonly registry: Registered;
  readonly guard: Guard;
}

function addCounter({ registry, guard }: Meters, name: string, help: string, labelNames: string[], values: () => Values): void {
  new Counter({
    name: `${PREFIX}${name}_total`,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      guard.run(() => {
        for (const [labels, value] of values()) this.inc(labels, value);
      });
    },
  });
}

function addGauge({ registry, guard }: Meters, name: string, help: string, labelNames: string[], values: () => Values): void {
  new Gauge({
    name: PREFIX + name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      guard.run(() => {
        for (const [labels, value] of values()) this.set(labels, value);
      });
    },
  });
}

function addServerMetrics(meters: Meters, server: ChopChop): void {
  const { counts, guards } = server;
  addGauge(meters, 'info', 'The version that runs', ['version'], () => [[{ version: VERSION }, 1]]);
  addGauge(meters, 'sessions', 'Sessions that are logged in, by domain', ['domain'], () => sessionsByDomain(server));
  addGauge(meters, 'connections', 'Connections that are open, logged in or not', [], () => [[{}, server.connections.size]]);
  addGauge(meters, 'stalled_sessions', 'Sessions whose peers read no more', [], () => [[{}, [...server.sessions].filter(({ stalled }) => stalled).length]]);
  addGauge(meters, 'outbox_bytes', 'What waits for peers to read it', [], () => [[{}, sum(server.sessions, ({ link }) => link.outboxBytes)]]);
  addCounter(meters, 'logins', 'Sessions bound', [], () => [[{}, counts.logins]]);
  addCounter(meters, 'stanzas', 'Stanzas, by direction as the server sees it', ['direction'], () => {
    const { stanzasRead, stanzasDelivered } = server.traffic();
    return [
      [{ direction: 'in' }, stanzasRead],
      [{ direction: 'out' }, stanzasDelivered],
    ];
  });
  addCounter(meters, 'bytes', 'Bytes, by direction as the server sees it', ['direction'], () => {
    const { bytesRead, bytesWritten } = server.traffic();
    return [
      [{ direction: 'in' }, bytesRead],
      [{ direction: 'out' }, bytesWritten],
    ];
  });
  addCounter(meters, 'bounces', 'Stanzas sent back, by stanza error condition', ['condition'], () =>
    Array.from(counts.bounces, ([condition, count]) => [{ condition }, count] as const),
  );
  addCounter(meters, 'closed_connections', 'Connections closed, by reason', ['reason'], () =>
    Array.from(counts.closes, ([reason, count]) => [{ reason }, count] as const),
  );
  addCounter(meters, 'observer_failures', 'Failures of observers (the trace, a recording) and timers, which the traffic does not notice', ['observer'], () =>
    Array.from(guards.failures, ([observer, count]) => [{ observer }, count] as const),
  );
}

function addRouterMetrics(meters: Meters, server: ChopChop): void {
  addCounter(meters, 'routed_messages', 'Messages handed to listeners, by service and listener', ['domain', 'service', 'listener'], () =>
    nodeValues(server, 'count'),
  );
  addCounter(meters, 'answered_requests', 'Requests whose answer has come or begun, by service and listener', ['domain', 'service', 'listener'], () =>
    nodeValues(server, 'answered'),
  );
  addGauge(meters, 'unanswered_requests', 'Requests handed to a listener that nobody has answered yet', ['domain', 'service', 'listener'], () =>
    nodeValues(server, 'unanswered'),
  );
  addCounter(meters, 'forgotten_requests', 'Unanswered requests that were forgotten because there were too many', [], () => [
    [{}, server.unanswered.forgotten],
  ]);
  addCounter(meters, 'refused_requests', 'Requests that the router refused, by status code', ['domain', 'code'], () =>
    [...server.routers].flatMap(([domain, { refusalCounts }]) => Array.from(refusalCounts, ([code, count]) => [{ domain, code }, count] as const)),
  );
  addGauge(meters, 'router_suspended', 'Whether a router from outside has the place of the internal one', ['domain', 'router'], () =>
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
