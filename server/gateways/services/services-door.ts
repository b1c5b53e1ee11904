import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { JsonText, toJson } from '../../../shared/osrf/json.ts';
import { readJson } from '../../../shared/osrf/json-reader.ts';
import { type Bits, sliced } from '../../kernel/slices.ts';
import { allowOrigin } from '../../web/cors.ts';
import type { Door, WebRequest } from '../../web/door.ts';
import { mayConnect } from '../../web/origins.ts';
import { MAX_CHARACTERS } from '../activity.ts';
import { bodyOfBrowser } from '../browser-message.ts';
import { firstItems } from '../first-items.ts';
import type { HttpGatewayEnvironment } from '../http/http-gateway.ts';
import { localeOf } from '../http/locale.ts';
import { withBody } from '../http/read-form.ts';
import { utf8Text } from '../utf8-text.ts';
import { prefersLines } from './accept.ts';
import { answerProblem, httpProblem } from './problem.ts';
import { ServiceCall } from './service-call.ts';

const PATH = '/services';
const INGRESS = 'gateway-v1';
const CORS = { methods: 'GET,POST,OPTIONS', headers: 'Content-Type,Accept', credentials: false } as const;
const TIMEOUT_MS = 60_000;
const JSON_TYPE = /^application\/json\b/i;
/** A program may also name none, or what `curl -d` says of any body. A page may not: such a body needs no permission of CORS. */
const PROGRAM_TYPE = /^(?:$|application\/json\b|application\/x-www-form-urlencoded\b)/i;

/** The dependencies of the services door. */
export interface ServicesEnvironment extends HttpGatewayEnvironment {
  /** Names of services, with `*` for any text. */
  readonly patterns: readonly string[];
  /** The registered services. */
  readonly services: () => readonly string[];
}

/** What a request calls. */
interface Called {
  readonly to: string;
  readonly service: string;
  readonly method: string;
}

/** `POST /services/SERVICE/METHOD` with an array of parameters, and `GET /services`. */
export class ServicesDoor implements Door {
  readonly webSocketPath = '';
  private readonly environment: ServicesEnvironment;
  private readonly served: RegExp;

  constructor(environment: ServicesEnvironment) {
    this.environment = environment;
    const patterns = environment.patterns.map((pattern) => pattern.replace(/[.]/g, '\\.').replaceAll('*', '.*'));
    this.served = new RegExp(`^(?:${patterns.join('|')})$`);
  }

  serves(path: string): boolean {
    return path === PATH || path.startsWith(`${PATH}/`);
  }

  async answer(request: WebRequest, response: ServerResponse): Promise<void> {
    const { allowed } = this.environment;
    const { method, headers } = request.message;
    allowOrigin(request, response, allowed, CORS);
    if (!mayConnect(request, allowed)) answerProblem(response, httpProblem(403, 'Pages of this origin may not call services: see --web-origin.'));
    else if (method === 'OPTIONS') response.writeHead(204).end();
    else if (request.path === PATH) this.list(method ?? '', response);
    else if (method !== 'POST') answerProblem(response, httpProblem(405, 'Call a method by POST.'), { Allow: 'POST, OPTIONS' });
    else if (!(headers.origin === undefined ? PROGRAM_TYPE : JSON_TYPE).test(headers['content-type'] ?? ''))
      answerProblem(response, httpProblem(415, 'The parameters must be application/json.'));
    else await this.call(request, response);
  }

  upgrade(): void {}

  checkPeers(): void {}

  private list(method: string, response: ServerResponse): void {
    if (method !== 'GET' && method !== 'HEAD') {
      answerProblem(response, httpProblem(405, 'The list of services is read-only.'), { Allow: 'GET' });
      return;
    }
    const names = this.environment.services().filter((name) => this.served.test(name));
    const content = `${toJson({ services: [...names].sort() })}\n`;
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(content) }).end(content);
  }

  private async call(request: WebRequest, response: ServerResponse): Promise<void> {
    const [service, method] = partsOf(request.path);
    const to = this.served.test(service) ? this.environment.entrance.addressOf(service) : '';
    if (to === '' || method === '') answerProblem(response, httpProblem(404, 'The service is not registered, or its worker is gone.'));
    else await withBody(request, response, this.environment, (bytes) => this.callWith(bytes, { to, service, method }, request, response));
  }

  private async callWith(bytes: Buffer, { to, service, method }: Called, request: WebRequest, response: ServerResponse): Promise<void> {
    const { clock, activity, transactionIds, jobs } = this.environment;
    const { params, problem } = await sliced(jobs, readParams(bytes));
    if (problem !== '') {
      answerProblem(response, httpProblem(400, `The parameters are not an array: ${problem}.`));
      return;
    }
    const transactionId = transactionIds.next();
    activity.called({ address: request.address, transactionId, token: '', locale: '', service, method }, firstItems(params, MAX_CHARACTERS));
    const { headers } = request.message;
    const locale = localeOf(headers['accept-language']);
    const message = { type: 'REQUEST', threadTrace: '1', locale, timeZone: '', apiLevel: 1, method: toJson(method), params } as const;
    const body = await sliced(jobs, bodyOfBrowser([message], INGRESS));
    const form = prefersLines(headers.accept ?? '') ? 'lines' : 'single';
    const thread = `${clock.wallTime() / 1_000}.${randomUUID()}`;
    new ServiceCall(form, thread, TIMEOUT_MS, response, this.environment).start({ to, transactionId, body }, request.address, null);
  }
}

/** Only the array itself matters. */
const NOTHING_READ = { levels: 0, mostValues: 1 } as const;

/** The parameters in a body, as a JSON list; none in an empty body. */
function* readParams(bytes: Buffer): Bits<{ readonly params: string; readonly problem: string }> {
  const text = yield* utf8Text([bytes]);
  if (text === null) return { params: '', problem: 'no UTF-8' };
  if (!/\S/.test(text)) return { params: '[]', problem: '' };
  const { value, problem } = yield* readJson(text, NOTHING_READ);
  const params = value instanceof JsonText ? value.text : '';
  return { params, problem: problem || (params.startsWith('[') ? '' : 'another value') };
}

/** The names of service and method in a path; `''` if it has none or is malformed. */
function partsOf(path: string): readonly [service: string, method: string] {
  const [service = '', method = '', more] = path.slice(PATH.length + 1).split('/');
  try {
    return more === undefined ? [decodeURIComponent(service), decodeURIComponent(method)] : ['', ''];
  } catch {
    return ['', ''];
  }
}
