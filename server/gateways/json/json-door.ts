import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseJson } from '../../../shared/osrf/json.ts';
import { DEFAULT_LOCALE } from '../../../shared/osrf/message.ts';
import { bodyOf, requestMessage } from '../../../shared/osrf/write.ts';
import { allowOrigin } from '../../web/cors.ts';
import type { Door, WebRequest } from '../../web/door.ts';
import { answerText, refuseMethod } from '../../web/refusals.ts';
import { CORS_HEADERS } from '../http/cors-headers.ts';
import { Form } from '../http/form.ts';
import type { HttpGatewayEnvironment } from '../http/http-gateway.ts';
import { readForm } from '../http/read-form.ts';
import { JsonCall } from './json-call.ts';
import { parseXmlParam } from './xml-params.ts';

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
    allowOrigin(request, response, this.environment.allowed, 'POST,OPTIONS', CORS_HEADERS);
    switch (request.message.method) {
      case 'OPTIONS':
        response.writeHead(200, { 'Content-Length': 0 }).end();
        return;
      case 'GET':
      case 'HEAD':
        this.call(new Form(request.query), request, response);
        return;
      case 'POST':
        await this.post(request, response);
        return;
      default:
        refuseMethod(response, 'GET, POST, OPTIONS');
    }
  }

  upgrade(): void {}

  checkPeers(): void {}

  private async post(request: WebRequest, response: ServerResponse): Promise<void> {
    const { limits, clock } = this.environment;
    const form = await readForm(request, response, limits, clock);
    if (form !== null) this.call(form, request, response);
  }

  private call(form: Form, request: WebRequest, response: ServerResponse): void {
    const { entrance, activity, transactionIds, clock } = this.environment;
    const [service, method] = [form.first('service'), form.first('method')];
    const to = entrance.addressOf(service);
    if (to === '' || method === '') {
      answerText(response, 404, 'The parameters "service" and "method" are required.');
      return;
    }
    const { headers } = request.message;
    const locale = localeOf(form, headers);
    const texts = form.all('param');
    const transactionId = transactionIds.next();
    const token = String(headers['x-oils-authtoken'] ?? '');
    activity.called({ address: request.address, transactionId, token, locale, service, method }, texts, 'texts');
    const format = form.first('format') === 'xml' ? 'xml' : 'json';
    const params = paramsOf(texts, form.first('input_format') || format);
    const body = bodyOf([requestMessage('1', method, params)], { locale, ingress: INGRESS, apiLevel: Number.parseInt(form.first('api_level'), 10) || 1 });
    const thread = `${clock.wallTime() / 1_000}.${randomUUID()}`;
    new JsonCall(format, thread, timeoutOf(form), response, this.environment).start({ to, transactionId, body }, request.address, null);
  }
}

/** OpenSRF's gateway passes one null if there are no parameters, and null for one it cannot parse. */
function paramsOf(texts: readonly string[], format: string): readonly unknown[] {
  if (texts.length === 0) return [null];
  return texts.map((text) => (format === 'xml' ? parseXmlParam(text) : (parseJson(text) ?? null)));
}

/** In milliseconds. */
function timeoutOf(form: Form): number {
  const seconds = Number.parseInt(form.first('timeout'), 10);
  return (seconds > 0 ? Math.min(seconds, MOST_TIMEOUT_S) : DEFAULT_TIMEOUT_S) * 1_000;
}

function localeOf(form: Form, headers: IncomingMessage['headers']): string {
  const given = form.first('locale') || String(headers['x-opensrf-language'] ?? '') || headers['accept-language'] || '*';
  const first = given.split(',', 1)[0] as string;
  return first === '*' ? DEFAULT_LOCALE : first;
}
