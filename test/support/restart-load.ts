import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { RestartReport } from '../../server/cli/serve/restart.ts';
import { ControlClient } from '../../server/control/control-client.ts';
import { readControlFile } from '../../server/control/control-file.ts';
import { MAIN } from './command.ts';
import { cRequest, registration } from './osrf.ts';
import { header } from './peer.ts';
import { randomFrom } from './random.ts';

const DOMAIN = 'private.localhost';

/** The load, and the restarts under it. */
export interface RestartLoadOptions {
  /** For the server's files. */
  readonly folder: string;
  readonly restarts: number;
  readonly clients: number;
  /** Each has one listener. */
  readonly services: number;
  /** The requests of a client that are unanswered at a time. */
  readonly window: number;
  /** Sessions that do nothing. */
  readonly idle: number;
  /** Stop after this many requests; the restarts are spread over them. */
  readonly requests: number;
  readonly seed: number;
}

/** The outcome. */
export interface RestartLoadReport {
  readonly requests: number;
  /** Requests or answers that were lost, doubled or out of order, and sessions that ended. */
  readonly faults: readonly string[];
  readonly restarts: readonly RestartReport[];
  /** The longest time in which one client got no answer. */
  readonly longestGapMs: number;
}

/** Restarts a server under load and keeps a ledger of every request. */
export async function runRestarts(options: RestartLoadOptions): Promise<RestartLoadReport> {
  const { folder, restarts, clients, services, idle, requests } = options;
  const server = spawn(
    process.execPath,
    [
      MAIN,
      ...['--port', '0', '--unix', join(folder, 'socket'), '--console', '0', '--control-file', join(folder, 'control.json')],
      ...['--ready-file', join(folder, 'ready.json'), '--log-file', join(folder, 'log'), '--limit', 'sessions=100000'],
    ],
    { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, XDG_RUNTIME_DIR: folder } },
  );
  try {
    while (!existsSync(join(folder, 'ready.json'))) await wait(20);
    const load = new Load(options, JSON.parse(readFileSync(join(folder, 'ready.json'), 'utf8')).c2s[0].port);
    for (let number = 0; number < services; number++) await load.listen(number);
    for (let number = 0; number < idle; number++) await load.rest(number);
    for (let number = 0; number < clients; number++) await load.ask(number);
    const reports: RestartReport[] = [];
    for (let done = 1; done <= restarts; done++) {
      await load.answered(Math.floor((done * requests) / (restarts + 1)));
      reports.push((await new ControlClient(readControlFile(join(folder, 'control.json'))).order('/api/v1/restart', 9)) as RestartReport);
    }
    await load.answered(requests);
    await load.end();
    return { requests: load.done, faults: load.faults, restarts: reports, longestGapMs: load.longestGapMs };
  } finally {
    const ended = once(server, 'exit');
    server.kill('SIGTERM');
    await ended;
  }
}

/** One session over a raw socket. */
class RawSession {
  readonly jid: string;
  private readonly socket: Socket;
  private readonly random: () => number;
  private received = '';
  private readonly onMessage: (stanza: string) => void;
  private sending = '';

  private constructor(socket: Socket, jid: string, random: () => number, onMessage: (stanza: string) => void) {
    this.socket = socket;
    this.jid = jid;
    this.random = random;
    this.onMessage = onMessage;
  }

  static async login(
    place: NetConnectOpts,
    resource: string,
    random: () => number,
    onMessage: (stanza: string) => void,
    onEnd: (how: string) => void,
  ): Promise<RawSession> {
    const socket = connect(place).setEncoding('utf8');
    let text = '';
    const until = async (end: string): Promise<string> => {
      while (!text.includes(end)) text += (await once(socket, 'data'))[0];
      const taken = text.slice(0, text.indexOf(end) + end.length);
      text = text.slice(taken.length);
      return taken;
    };
    socket.write(header(DOMAIN));
    const [, id = ''] = / id='([^']+)'/.exec((await until('?>')) + (await until('>'))) ?? [];
    const digest = createHash('sha1').update(`${id}password`).digest('hex');
    socket.write(
      `<iq id='1' type='set'><query xmlns='jabber:iq:auth'><username>opensrf</username><digest>${digest}</digest><resource>${resource}</resource></query></iq>`,
    );
    await until("<iq type='result' id='1'/>");
    const session = new RawSession(socket, `opensrf@${DOMAIN}/${resource}`, random, onMessage);
    socket.on('data', (chunk: unknown) => session.read(chunk as string));
    socket.on('error', () => {});
    socket.on('close', () => onEnd(session.received));
    return session;
  }

  /** Sends a stanza, often in two parts, between which anything may happen. */
  send(stanza: string): void {
    this.sending += stanza;
    if (this.sending.length > stanza.length) return;
    this.flush();
  }

  end(): void {
    this.socket.removeAllListeners('close').destroy();
  }

  private flush(): void {
    if (this.random() < 0.5) {
      this.socket.write(this.sending);
      this.sending = '';
      return;
    }
    const cut = Math.floor(this.random() * this.sending.length);
    this.socket.write(this.sending.slice(0, cut));
    setTimeout(() => {
      this.socket.write(this.sending.slice(cut));
      this.sending = '';
    }, this.random() * 20);
  }

  private read(chunk: string): void {
    this.received += chunk;
    for (let end = this.received.indexOf('</message>'); end !== -1; end = this.received.indexOf('</message>')) {
      const stanza = this.received.slice(0, end + 10);
      this.received = this.received.slice(end + 10);
      this.onMessage(stanza);
    }
  }
}

/** The sessions, and the ledger of their requests: each client's numbers must arrive at its listener, and their answers back, each once and in order. */
class Load {
  done = 0;
  longestGapMs = 0;
  readonly faults: string[] = [];
  private readonly options: RestartLoadOptions;
  private readonly port: number;
  private readonly random: () => number;
  private readonly sessions: RawSession[] = [];
  private readonly begun: number[] = [];
  private readonly ended: number[] = [];
  private unanswered = 0;
  private over = false;
  private wake: () => void = () => {};

  constructor(options: RestartLoadOptions, port: number) {
    this.options = options;
    this.port = port;
    this.random = randomFrom(options.seed);
  }

  async listen(number: number): Promise<void> {
    const seen = new Map<string, number>();
    const session = await this.login(`listener${number}`, (stanza) => {
      const [, thread = ''] = /<thread>([^<]*)<\/thread>/.exec(stanza) ?? [];
      const [, from = ''] = /router_from=['"]([^'"]*)['"]/.exec(stanza) ?? [];
      const trace = Number(/threadTrace&quot;:&quot;(\d+)/.exec(stanza)?.[1]);
      if (trace !== (seen.get(thread) ?? 0) + 1) this.fault(`listener ${number} got ${trace} of ${thread} after ${seen.get(thread)}`);
      seen.set(thread, trace);
      session.send(cRequest(from, session.jid, thread, answer(trace)));
    });
    session.send(registration('register', `router@${DOMAIN}/router`, session.jid, `load.${number}`));
  }

  async rest(number: number): Promise<void> {
    await this.login(`idle${number}`, (stanza) => this.fault(`an idle session got ${stanza}`));
  }

  async ask(number: number): Promise<void> {
    const service = `router@${DOMAIN}/load.${number % this.options.services}`;
    let [sent, got, last] = [0, 0, performance.now()];
    const next = () => {
      this.begun[number] = ++sent;
      this.unanswered++;
      session.send(cRequest(service, session.jid, `thread${number}`, request(sent)));
    };
    const session = await this.login(`client${number}`, (stanza) => {
      const trace = Number(/threadTrace&quot;:&quot;(\d+)/.exec(stanza)?.[1]);
      if (trace !== got + 1 || !stanza.includes('statusCode&quot;:&quot;205')) this.fault(`client ${number} got ${trace} after ${got}: ${stanza}`);
      const now = performance.now();
      this.longestGapMs = Math.max(this.longestGapMs, now - last);
      [got, last] = [trace, now];
      this.unanswered--;
      this.ended[number] = got;
      if (++this.done % 64 === 0 || this.unanswered === 0) this.wake();
      if (!this.over) next();
    });
    for (let count = 0; count < this.options.window; count++) next();
  }

  /** Resolves when so many requests have been answered. */
  async answered(count: number): Promise<void> {
    while (this.done < count && this.faults.length === 0) await this.event();
  }

  /** Lets the last requests be answered, and ends all sessions. */
  async end(): Promise<void> {
    this.over = true;
    while (this.unanswered > 0 && this.faults.length === 0) await this.event();
    for (const [client, sent] of this.begun.entries())
      if (this.ended[client] !== sent) this.fault(`client ${client} has no answer to ${this.ended[client]} of ${sent}`);
    for (const session of this.sessions) session.end();
  }

  private async login(resource: string, onMessage: (stanza: string) => void): Promise<RawSession> {
    const place = this.sessions.length % 2 === 0 ? { host: '127.0.0.1', port: this.port, noDelay: true } : { path: join(this.options.folder, 'socket') };
    const session = await RawSession.login(place, resource, this.random, onMessage, (rest) => this.fault(`the session of ${resource} ended: ${rest}`));
    this.sessions.push(session);
    return session;
  }

  private fault(text: string): void {
    this.faults.push(text.slice(0, 500));
    this.wake();
  }

  /** The next event; a fault if there is none for long. */
  private async event(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      timer = setTimeout(() => this.fault(`nothing was answered for 30 s; ${this.unanswered} requests are unanswered`), 30_000);
    });
    clearTimeout(timer);
  }
}

function request(trace: number): string {
  const message = `[{"__c":"osrfMessage","__p":{"threadTrace":"${trace}","locale":"en-US","api_level":1,"type":"REQUEST","payload":{"__c":"osrfMethod","__p":{"method":"load","params":["ü€𝄞"]}}}}]`;
  return message.replaceAll('"', '&quot;');
}

function answer(trace: number): string {
  const message = `[{"__c":"osrfMessage","__p":{"threadTrace":"${trace}","type":"RESULT","payload":{"__c":"osrfResult","__p":{"status":"OK","statusCode":"200","content":"ü"}}}},{"__c":"osrfMessage","__p":{"threadTrace":"${trace}","type":"STATUS","payload":{"__c":"osrfConnectStatus","__p":{"status":"Request Complete","statusCode":"205"}}}}]`;
  return message.replaceAll('"', '&quot;');
}
