import type { ServerResponse } from 'node:http';
import { readJson } from '../../../shared/osrf/json-reader.ts';
import { type Bits, sliced } from '../../kernel/slices.ts';
import { allowOrigin } from '../../web/cors.ts';
import type { Door, WebRequest } from '../../web/door.ts';
import { answerText, refuseMethod } from '../../web/refusals.ts';
import { MAX_CHARACTERS } from '../activity.ts';
import { type BrowserMessage, bodyOfBrowser, boundsOfMessages, MAX_BROWSER_MESSAGES, methodName, readBrowserMessages } from '../browser-message.ts';
import { firstItems } from '../first-items.ts';
import type { Form } from '../http/form.ts';
import type { CallMessage } from '../http/gateway-call.ts';
import type { HttpGatewayEnvironment } from '../http/http-gateway.ts';
import { OSRF_CORS } from '../http/osrf-cors.ts';
import { withForm } from '../http/read-form.ts';
import { headerText, randomHex } from './header-text.ts';
import { type SessionEvents, TranslatorCall } from './translator-call.ts';
import type { TranslatorSession, TranslatorSessions } from './translator-sessions.ts';

const PATH = '/osrf-http-translator';
const INGRESS = 'translator-v1';
const MAX_THREAD = 250;
const DEFAULT_TIMEOUT_S = 1_200;
const MOST_TIMEOUT_S = 86_400;

/** The recipient of a request. */
interface Recipient {
  readonly to: string;
  readonly service: string;
  readonly session: TranslatorSession | null;
}

/** The HTTP translator's dependencies. */
export interface TranslatorEnvironment extends HttpGatewayEnvironment {
  readonly sessions: TranslatorSessions;
}

/** OpenSRF's HTTP translator: a form with messages for the bus, as `opensrf_xhr.js` sends it. */
export class TranslatorDoor implements Door {
  readonly webSocketPath = '';
  private readonly environment: TranslatorEnvironment;

  constructor(environment: TranslatorEnvironment) {
    this.environment = environment;
  }

  serves(path: string): boolean {
    return path === PATH;
  }

  async answer(request: WebRequest, response: ServerResponse): Promise<void> {
    allowOrigin(request, response, this.environment.allowed, OSRF_CORS);
    switch (request.message.method) {
      case 'OPTIONS':
      case 'HEAD':
        answerNothing(response);
        return;
      case 'GET':
      case 'POST':
        await withForm(request, response, this.environment, (form) => this.take(form, request, response));
        return;
      default:
        refuseMethod(response, 'GET, POST, OPTIONS');
    }
  }

  upgrade(): void {}

  checkPeers(): void {}

  private async take(form: Form, request: WebRequest, response: ServerResponse): Promise<void> {
    if (!form.has('osrf-msg')) {
      answerNothing(response);
      return;
    }
    const messages = await sliced(this.environment.jobs, readMessages(form.first('osrf-msg')));
    const thread = headerOf(request, 'x-opensrf-thread') || randomHex();
    const recipient = this.recipientOf(request, thread);
    const refusal = refusalOf(messages, thread) || (recipient === null ? 'X-OpenSRF-service is required, or X-OpenSRF-to with a session of this client.' : '');
    if (messages === null || recipient === null || refusal !== '') answerText(response, 400, refusal);
    else await this.send(messages, thread, recipient, request, response);
  }

  private recipientOf(request: WebRequest, thread: string): Recipient | null {
    const [service, remote] = [headerOf(request, 'x-opensrf-service'), headerOf(request, 'x-opensrf-to')];
    if ((service === '') === (remote === '')) return null;
    if (service !== '') {
      const to = this.environment.entrance.addressOf(service);
      return to === '' ? null : { to, service, session: null };
    }
    const session = this.environment.sessions.get(request.address, thread);
    return session === null || headerText(session.remote) !== remote ? null : { to: session.remote, service: session.service, session };
  }

  private async send(
    messages: readonly BrowserMessage[],
    thread: string,
    { to, service, session }: Recipient,
    request: WebRequest,
    response: ServerResponse,
  ): Promise<void> {
    const { address } = request;
    const { activity, sessions, transactionIds, jobs } = this.environment;
    const transactionId = headerOf(request, 'x-opensrf-xid') || transactionIds.next();
    for (const { type, method, params } of messages) {
      if (type === 'REQUEST')
        activity.called({ address, transactionId, token: '', locale: '', service, method: methodName(method) }, firstItems(params, MAX_CHARACTERS));
    }
    const ends = messages.some(({ type }) => type === 'DISCONNECT');
    if (ends) sessions.remove(address, thread);
    const outgoing: CallMessage = { to, transactionId, body: await sliced(jobs, bodyOfBrowser(messages, INGRESS)) };
    const events: SessionEvents = {
      connected: (remote, worker) => {
        if (!ends) sessions.add(address, thread, { remote, service, worker });
      },
      over: () => sessions.remove(address, thread),
    };
    const multipart = headerOf(request, 'x-opensrf-multipart').toLowerCase() === 'true';
    const call = new TranslatorCall(messages, multipart, events, thread, timeoutOf(request), response, this.environment);
    call.start(outgoing, address, session?.worker ?? null);
  }
}

function* readMessages(text: string): Bits<BrowserMessage[] | null> {
  const { value } = yield* readJson(text, boundsOfMessages(0));
  return readBrowserMessages(value);
}

function refusalOf(messages: readonly BrowserMessage[] | null, thread: string): string {
  if (messages === null || messages.length === 0 || messages.length > MAX_BROWSER_MESSAGES)
    return `The parameter "osrf-msg" must be an array of 1 to ${MAX_BROWSER_MESSAGES} messages of a client.`;
  return thread.length > MAX_THREAD ? `X-OpenSRF-thread is longer than ${MAX_THREAD} characters.` : '';
}

function headerOf({ message }: WebRequest, name: string): string {
  return String(message.headers[name] ?? '');
}

/** In milliseconds. */
function timeoutOf(request: WebRequest): number {
  const seconds = Number.parseInt(headerOf(request, 'x-opensrf-timeout'), 10);
  return (seconds > 0 ? Math.min(seconds, MOST_TIMEOUT_S) : DEFAULT_TIMEOUT_S) * 1_000;
}

function answerNothing(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Length': 0 }).end();
}
