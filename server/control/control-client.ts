import { once } from 'node:events';
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import type { ControlFile } from './control-file.ts';

/** A live event: its name and its data. */
export interface LiveEvent {
  readonly event: string;
  readonly data: unknown;
}

/** A client of the control interface of a running server, for commands. */
export class ControlClient {
  private readonly file: ControlFile;

  constructor(file: ControlFile) {
    this.file = file;
  }

  /** The address: `http://127.0.0.1:PORT`, or the path of a Unix socket. */
  get place(): string {
    return this.file.url ?? this.file.socket ?? 'no place';
  }

  /** @returns the answer's JSON. @throws CommandError */
  async get(path: string, timeoutMs: number): Promise<unknown> {
    return this.ask(path, timeoutMs, '');
  }

  /** Posts JSON. @returns the answer's JSON. @throws CommandError */
  async post(path: string, body: object, timeoutMs: number): Promise<unknown> {
    return this.ask(path, timeoutMs, JSON.stringify(body));
  }

  /** Gives an order that the server may refuse. @returns the answer's JSON. @throws CommandError with this code and the server's reason. */
  async order(path: string, refusedCode: number): Promise<unknown> {
    const response = await this.send('POST', path, '');
    const answer = this.parse(await textOf(response));
    if (response.statusCode === 200) return answer;
    throw new CommandError(response.statusCode === 409 ? refusedCode : EXIT.failed, String((answer as { readonly error?: unknown }).error));
  }

  private async ask(path: string, timeoutMs: number, body: string): Promise<unknown> {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      return this.parse(await textOf(await this.call(path, signal, body)));
    } catch (error) {
      if (signal.aborted) throw new CommandError(EXIT.timeout, `the control interface at ${this.place} did not answer within ${timeoutMs / 1000} s`);
      if (error instanceof CommandError) throw error;
      throw new CommandError(EXIT.network, `the control interface at ${this.place} closed the connection: ${(error as Error).message}`);
    }
  }

  /** Live events until the server ends. @throws CommandError */
  async *events(path: string): AsyncGenerator<LiveEvent, void> {
    const response = await this.call(path);
    let rest = '';
    for await (const chunk of lifelong(response)) {
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop() as string;
      for (const block of blocks) {
        const event = parseEvent(block);
        if (event !== null) yield event;
      }
    }
  }

  /** @param body JSON to post; `''`: none. */
  private async call(path: string, signal?: AbortSignal, body = ''): Promise<IncomingMessage> {
    const response = await this.send(body === '' ? 'GET' : 'POST', path, body, signal);
    if (response.statusCode === 200) return response;
    const { error } = this.parse(await textOf(response)) as { readonly error?: unknown };
    throw new CommandError(response.statusCode === 400 ? EXIT.usage : EXIT.failed, `the control interface at ${this.place} answered: ${error}`);
  }

  private send(method: string, path: string, body: string, signal?: AbortSignal): Promise<IncomingMessage> {
    const { url, socket, token } = this.file;
    const to: RequestOptions = url === null ? { socketPath: socket ?? '' } : { host: new URL(url).hostname, port: new URL(url).port };
    const type = body === '' ? {} : { 'content-type': 'application/json' };
    const headers = { authorization: `Bearer ${token}`, host: url === null ? 'localhost' : new URL(url).host, ...type };
    const outgoing = request({ ...to, method, path, headers, ...(signal && { signal }) }).end(body);
    return once(outgoing, 'response').then(
      ([incoming]) => incoming as IncomingMessage,
      (error: Error) => Promise.reject(new CommandError(EXIT.network, `cannot reach the control interface at ${this.place}: ${error.message}`)),
    );
  }

  /** @throws CommandError if another program answers at this address. */
  private parse(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      throw new CommandError(EXIT.network, `the program at ${this.place} is not a control interface`);
    }
  }
}

/** Reads a stream to its end; a reset connection, when the server ends, counts as the end. */
async function* lifelong(response: IncomingMessage): AsyncGenerator<string, void> {
  try {
    for await (const chunk of response.setEncoding('utf8')) yield chunk as string;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return text;
}

/** Parses an event of our server (HTML Living Standard §9.2.6). @returns null for a comment. */
function parseEvent(block: string): LiveEvent | null {
  const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
  return event === undefined || data === undefined ? null : { event, data: JSON.parse(data) };
}
