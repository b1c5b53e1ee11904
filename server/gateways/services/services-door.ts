import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { jsonProblem, parseJson, toJson } from '../../../shared/osrf/json.ts';
import { DEFAULT_LOCALE } from '../../../shared/osrf/message.ts';
import { bodyOf, requestMessage } from '../../../shared/osrf/write.ts';
import { allowOrigin } from '../../web/cors.ts';
import type { Door, WebRequest } from '../../web/door.ts';
import { mayConnect } from '../../web/origins.ts';
import type { HttpGatewayEnvironment } from '../http/http-gateway.ts';
import { readText } from '../http/read-form.ts';
import { answerProblem } from './problem.ts';
import { ServiceCall } from './service-call.ts';

const PATH = '/services';
const INGRESS = 'gateway-v1';
const TIMEOUT_MS = 60_000;
const JSON_TYPE = /^application\/json\b/i;
/** The content type `curl -d` sends for any body. */
const FORM_TYPE = /^(?:application\/json|application\/x-www-form-urlencoded)\b/i;

/** The dependencies of the services door. */
export interface ServicesEnvironment extends HttpGatewayEnvironment {
  /** Names of services, with `*` for any text. */
  readonly patterns: readonly string[];
  /** The registered services. */
  readonly services: () => readonly string[];
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
    allowOrigin(request, response, allowed, 'GET,POST,OPTIONS', 'Content-Type,Accept');
    if (!mayConnect(request, allowed))
      answerProblem(response, { status: 403, title: 'Forbidden', detail: 'Pages of this origin may not call services: see --web-origin.' });
    else if (method === 'OPTIONS') response.writeHead(204).end();
    else if (request.path === PATH) this.list(method ?? '', response);
    else if (method !== 'POST')
      answerProblem(response, { status: 405, title: 'Method Not Allowed', detail: 'Call a method by POST.' }, { Allow: 'POST, OPTIONS' });
    else if (!(headers.origin === undefined ? FORM_TYPE : JSON_TYPE).test(headers['content-type'] ?? ''))
      answerProblem(response, { status: 415, title: 'Unsupported Media Type', detail: 'The parameters must be application/json.' });
    else await this.call(request, response);
  }

  upgrade(): void {}

  checkPeers(): void {}

  private list(method: string, response: ServerResponse): void {
    if (method !== 'GET' && method !== 'HEAD') {
      answerProblem(response, { status: 405, title: 'Method Not Allowed', detail: 'The list of services is read-only.' }, { Allow: 'GET' });
      return;
    }
    const names = this.environment.services().filter((name) => this.served.test(name));
    const content = `${toJson({ services: [...names].sort() })}\n`;
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(content) }).end(content);
  }

  private async call(request: WebRequest, response: ServerResponse): Promise<void> {
    const { limits, clock, entrance, activity, transactionIds } = this.environment;
    const [service, method] = partsOf(request.path);
    const to = this.served.test(service) ? entrance.addressOf(service) : '';
    if (to === '' || method === '') {
      answerProblem(response, { status: 404, title: 'No such service', detail: 'The service is not registered, or its worker is gone.' });
      return;
    }
    const text = await readText(request, response, limits, clock);
    if (text === null) return;
    const params = text.trim() === '' ? [] : parseJson(text);
    if (!Array.isArray(params)) {
      answerProblem(response, { status: 400, title: 'Bad Request', detail: `The parameters are not an array: ${jsonProblem(text) || 'another value'}.` });
      return;
    }
    const transactionId = transactionIds.next();
    activity.called({ address: request.address, transactionId, token: '', locale: '', service, method }, params, 'values');
    const { headers } = request.message;
    const locale = headers['accept-language']?.split(',', 1)[0] ?? DEFAULT_LOCALE;
    const body = bodyOf([requestMessage('1', method, params)], { locale, ingress: INGRESS, apiLevel: 1 });
    const form = /\bapplication\/x-ndjson\b/i.test(headers.accept ?? '') ? 'lines' : 'single';
    const thread = `${clock.wallTime() / 1_000}.${randomUUID()}`;
    new ServiceCall(form, thread, TIMEOUT_MS, response, this.environment).start({ to, transactionId, body }, request.address, null);
  }
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
