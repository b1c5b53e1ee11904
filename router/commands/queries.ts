import { toJson } from '../../shared/osrf/json.ts';
import type { OsrfMessage } from '../../shared/osrf/message.ts';
import { aroundRouterResult, statusBody } from '../../shared/osrf/write.ts';
import type { ServiceClass } from '../pools/service-class.ts';
import type { ServiceNode } from '../pools/service-node.ts';

type Classes = ReadonlyMap<string, ServiceClass>;

/** A possibly long text, made in parts. */
export type Bits = Iterable<string>;

/** JSON, or an error status. */
type Outcome = { readonly json: Bits } | { readonly statusCode: number; readonly status: string };

type Method = (classes: Classes, params: readonly unknown[]) => Outcome;

const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['opensrf.router.info.class.list', (classes) => ({ json: classList(classes) })],
  ['opensrf.router.info.stats.class.summary', (classes, params) => ofClass(classes, params, total)],
  ['opensrf.router.info.stats.class', (classes, params) => ofClass(classes, params, nodeCounts)],
  ['opensrf.router.info.stats.class.all', (classes) => ({ json: perClass(classes, nodeCounts) })],
  ['opensrf.router.info.stats.class.node.all', (classes) => ({ json: perClass(classes, total) })],
  ['opensrf.router.info.summarize', (classes) => ({ json: perClass(classes, summary) })],
]);

/**
 * The bodies of the answers to one message to the router itself, one per stanza.
 * It answers CONNECT and REQUEST only. Content and key order are those of the C router.
 */
export function answerQuery(classes: Classes, message: OsrfMessage): Bits[] {
  if (message.type === 'CONNECT') return [[statusBody(message, 'osrfConnectStatus', 'Connection Successful', 200)]];
  if (message.type !== 'REQUEST') return [];
  const { method: name, params } = message.payload;
  const method = typeof name === 'string' ? METHODS.get(name) : undefined;
  // The C router ends here without a completion, and clients rely on it.
  if (method === undefined) return [[statusBody(message, 'osrfMethodException', 'Router method not found', 404)]];
  const outcome = method(classes, Array.isArray(params) ? params : []);
  if (!('json' in outcome)) return [[statusBody(message, 'osrfMethodException', outcome.status, outcome.statusCode)]];
  return [resultBody(message, outcome.json), [statusBody(message, 'osrfConnectStatus', 'Request Complete', 205)]];
}

function* resultBody(message: OsrfMessage, json: Bits): Bits {
  const [before, behind] = aroundRouterResult(message);
  yield before;
  yield* json;
  yield behind;
}

function ofClass(classes: Classes, params: readonly unknown[], json: (service: ServiceClass) => Bits): Outcome {
  const [name] = params;
  if (typeof name !== 'string') return { statusCode: 400, status: 'The first parameter must be the name of a class' };
  const service = classes.get(name);
  return service === undefined ? { statusCode: 404, status: `Class ${name} is not registered with this router` } : { json: json(service) };
}

function* classList(classes: Classes): Bits {
  yield '[';
  let comma = '';
  for (const name of classes.keys()) {
    yield comma + toJson(name);
    comma = ',';
  }
  yield ']';
}

function perClass(classes: Classes, json: (service: ServiceClass) => Bits): Bits {
  return jsonObject(classes, json);
}

function perNode(service: ServiceClass, json: (node: ServiceNode) => string): Bits {
  return jsonObject(service.nodes, (node) => [json(node)]);
}

function* jsonObject<T>(members: ReadonlyMap<string, T>, json: (value: T) => Bits): Bits {
  yield '{';
  let comma = '';
  for (const [key, value] of members) {
    yield `${comma}${toJson(key)}:`;
    yield* json(value);
    comma = ',';
  }
  yield '}';
}

function nodeCounts(service: ServiceClass): Bits {
  return perNode(service, ({ total: { count } }) => String(count));
}

function* total(service: ServiceClass): Bits {
  let sum = 0;
  for (const node of service.nodes.values()) sum += node.total.count;
  yield String(sum);
}

function* summary(service: ServiceClass): Bits {
  yield '{"count":';
  yield* total(service);
  yield `,"since":${toJson(new Date(service.since).toISOString())},"nodes":`;
  yield* perNode(service, ({ total: { count, unanswered }, since, stalled, draining, suspicion }) =>
    toJson({ count, unanswered, since: new Date(since).toISOString(), stalled, draining, ...(suspicion !== null && { suspicion: suspicion.reason }) }),
  );
  yield '}';
}
