import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { JsonText, toJson } from '../../../shared/osrf/json.ts';
import { readJson } from '../../../shared/osrf/json-reader.ts';
import { type Bits, sliced } from '../../kernel/slices.ts';
import { allowOrigin } from '../../web/cors.ts';
import type { Door, WebRequest } from '../../web/door.ts';
import { answerText, refuseMethod } from '../../web/refusals.ts';
import { bodyOfBrowser, MAX_METHOD } from '../browser-message.ts';
import type { Form } from '../http/form.ts';
import type { HttpGatewayEnvironment } from '../http/http-gateway.ts';
import { localeOf } from '../http/locale.ts';
import { OSRF_CORS } from '../http/osrf-cors.ts';
import { withForm } from '../http/read-form.ts';
import { JsonCall } from './json-call.ts';
import { jsonOfXmlParam } from './xml-params.ts';

const PATH = '/osrf-gateway-v1';
const INGRESS = 'gateway-v1';
const DEFAULT_TIMEOUT_S = 60;
const MOST_TIMEOUT_S = 86_400;

/** OpenSRF's JSON gateway: a request in a query or form, its results in one document. */
export class JsonDoor implements Door {
  readonly webSocketPath = '';
  private readonly environment: HttpGatewayEnvironment;

  constructor(environment: HttpGatewayEnvironment) {
    this.environment = environment;
  }

  serves(path: string): boolean {
    return path === PATH;
  }

  async answer(request: WebRequest, response: ServerResponse): Promise<void> {
    allowOrigin(request, response, this.environment.allowed, OSRF_CORS);
    switch (request.message.method) {
      case 'OPTIONS':
        response.writeHead(200, { 'Content-Length': 0 }).end();
        return;
      case 'GET':
      case 'HEAD':
      case 'POST':
        await this.read(request, response);
        return;
      default:
        refuseMethod(response, 'GET, POST, OPTIONS');
    }
  }

  upgrade(): void {}

  checkPeers(): void {}

  private async read(request: WebRequest, response: ServerResponse): Promise<void> {
    await withForm(request, response, this.environment, (form) => this.call(form, request, response));
  }

  private async call(form: Form, request: WebRequest, response: ServerResponse): Promise<void> {
    const { entrance, activity, transactionIds, clock, jobs } = this.environment;
    const [service, method] = [form.first('service'), form.first('method')];
    const to = entrance.addressOf(service);
    if (to === '' || method === '' || method.length > MAX_METHOD) {
      answerText(response, 404, 'The parameters "service" and "method" are required.');
      return;
    }
    const { headers } = request.message;
    const locale = localeOf(form.first('locale') || String(headers['x-opensrf-language'] ?? '') || headers['accept-language']);
    const texts = form.all('param');
    const transactionId = transactionIds.next();
    const token = String(headers['x-oils-authtoken'] ?? '');
    activity.called({ address: request.address, transactionId, token, locale, service, method }, texts);
    const format = form.first('format') === 'xml' ? 'xml' : 'json';
    const params = await sliced(jobs, paramsOf(texts, form.first('input_format') || format));
    const apiLevel = Number.parseInt(form.first('api_level'), 10) || 1;
    const message = { type: 'REQUEST', threadTrace: '1', locale, timeZone: '', apiLevel, method: toJson(method), params } as const;
    const body = await sliced(jobs, bodyOfBrowser([message], INGRESS));
    const thread = `${clock.wallTime() / 1_000}.${randomUUID()}`;
    new JsonCall(format, thread, timeoutOf(form), response, this.environment).start({ to, transactionId, body }, request.address, null);
  }
}

/** Only the validity of the JSON matters. */
const NOTHING_READ = { levels: 0, mostValues: Number.POSITIVE_INFINITY } as const;

/** A JSON list. OpenSRF's gateway passes one null if there are no parameters, and null for one it cannot parse. */
function* paramsOf(texts: readonly string[], format: string): Bits<string> {
  let json = '';
  for (const text of texts) json += `${json === '' ? '' : ','}${yield* format === 'xml' ? jsonOfXmlParam(text) : jsonOfParam(text)}`;
  return `[${json || 'null'}]`;
}

function* jsonOfParam(text: string): Bits<string> {
  const { value } = yield* readJson(text, NOTHING_READ);
  return value instanceof JsonText ? value.text : 'null';
}

/** In milliseconds. */
function timeoutOf(form: Form): number {
  const seconds = Number.parseInt(form.first('timeout'), 10);
  return (seconds > 0 ? Math.min(seconds, MOST_TIMEOUT_S) : DEFAULT_TIMEOUT_S) * 1_000;
}
