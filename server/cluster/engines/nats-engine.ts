import { errors, type NatsConnection, type Status } from '@nats-io/transport-node';
import type { Clock } from '../../../shared/clock.ts';
import type { Log } from '../../kernel/log.ts';
import { type Engine, EngineError, type EngineWatcher } from '../link/engine.ts';
import { checkAccess, checkFiles, connectTo, joinRefusals, type NatsAccess } from './nats-connect.ts';

/** The pause after each server of the list has refused. */
const LEAST_PAUSE_MS = 100;
const MOST_PAUSE_MS = 1_000;
/** The time for writing what is published before the connection is closed. */
const CLOSE_MS = 1_000;

/** Carries messages over NATS. It connects to one server after the other by itself, because the client forgets servers that it could not reach at first. */
export class NatsEngine implements Engine {
  private readonly access: NatsAccess;
  private readonly clock: Pick<Clock, 'after'>;
  private readonly log: Log;
  private readonly subscriptions = new Map<string, (payload: Uint8Array) => void>();
  /** Problems that were logged. */
  private readonly logged = new Set<string>();
  private state: 'new' | 'open' | 'closed' = 'new';
  private watcher: EngineWatcher | null = null;
  private connection: NatsConnection | null = null;
  private nextServer = 0;
  private moving = false;
  /** The first refusal of a subscription; `''`: none. */
  private refused = '';

  constructor(access: NatsAccess, clock: Pick<Clock, 'after'>, log: Log) {
    this.access = access;
    this.clock = clock;
    this.log = log;
  }

  get connected(): boolean {
    return this.connection !== null;
  }

  async open(watcher: EngineWatcher): Promise<void> {
    checkAccess(this.access);
    checkFiles(this.access);
    this.watcher = watcher;
    this.state = 'open';
    const refusals: string[] = [];
    for (const _ of this.access.servers) {
      const refusal = await this.tryNext();
      if (this.connection !== null) return await this.checkPermissions(this.connection);
      refusals.push(refusal);
    }
    this.state = 'closed';
    throw new EngineError(`cannot connect to NATS: ${joinRefusals(this.access.servers, refusals)}`);
  }

  publish(subject: string, payload: Uint8Array): void {
    if (this.connection === null) return;
    try {
      this.connection.publish(subject, payload);
    } catch (error) {
      // It has just been closed, or the server's max_payload is less than a batch.
      this.logOnce(`cannot publish: ${(error as Error).message}`);
    }
  }

  subscribe(subject: string, receive: (payload: Uint8Array) => void): void {
    this.subscriptions.set(subject, receive);
    if (this.connection !== null) this.subscribeAt(this.connection, subject);
  }

  moveOn(): void {
    if (this.connection === null || this.moving) return;
    this.moving = true;
    void this.move().finally(() => (this.moving = false));
  }

  async close(): Promise<void> {
    this.state = 'closed';
    const { connection } = this;
    this.connection = null;
    if (connection === null) return;
    const late = new Promise<void>((resolve) => this.clock.after(CLOSE_MS, resolve));
    const written = connection.flush().then(() => connection.close());
    // The client never settles a flush of a connection that is lost meanwhile.
    await Promise.race([written.catch(() => {}), connection.closed(), late]);
  }

  /** The server refuses a subscription before it answers a ping. @throws EngineError if this member would hear no other one */
  private async checkPermissions(connection: NatsConnection): Promise<void> {
    const closed = connection.closed();
    // The client reports a refusal some turns after it has read it: the second answer comes later than that.
    for (const _ of ['read', 'reported']) await Promise.race([connection.flush(), closed]);
    if (this.refused === '') return;
    await this.close();
    throw new EngineError(this.refused);
  }

  /** Leaves its server once another one of the list takes it. */
  private async move(): Promise<void> {
    for (let others = this.access.servers.length - 1; others > 0; others--) {
      const refusal = await this.tryNext();
      if (refusal === '') return;
      this.logOnce(`cannot change to another NATS server: ${refusal}`);
    }
    // The next one is its own.
    this.nextServer++;
  }

  /** Connects to the next server of the list. @returns the reason why it could not; `''` if it did. */
  private async tryNext(): Promise<string> {
    const { servers } = this.access;
    const server = servers[this.nextServer++ % servers.length] as string;
    try {
      const connection = await connectTo(server, this.access);
      if (this.state === 'closed') await connection.close();
      else this.use(connection, server);
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  }

  private use(connection: NatsConnection, server: string): void {
    const left = this.connection;
    this.connection = connection;
    this.logged.clear();
    for (const subject of this.subscriptions.keys()) this.subscribeAt(connection, subject);
    void this.follow(connection);
    void connection.closed().then(() => {
      if (this.connection === connection) this.lose();
    });
    this.watcher?.connected(server);
    left?.close().catch(() => {});
  }

  private subscribeAt(connection: NatsConnection, subject: string): void {
    const receive = this.subscriptions.get(subject) as (payload: Uint8Array) => void;
    connection.subscribe(subject, {
      callback: (error, message) => {
        // The rest of a connection that was left may come late.
        if (error !== null || this.connection !== connection) return;
        try {
          receive(message.data);
        } catch (failure) {
          // The client would read no further.
          this.log.error({ err: failure }, 'message of the cluster failed');
        }
      },
    });
  }

  /** Handles what the client reports. */
  private async follow(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) this.report(connection, status);
  }

  private report(connection: NatsConnection, status: Status): void {
    if (status.type === 'error') this.reportError(status.error);
    // The server is about to stop.
    if (status.type === 'ldm' && this.connection === connection) this.moveOn();
  }

  private reportError(error: Error): void {
    const text = explainError(error);
    if (error instanceof errors.PermissionViolationError && error.operation === 'subscription') this.refused ||= text;
    this.logOnce(text);
  }

  /** The connection is lost: connects again. */
  private lose(): void {
    this.connection = null;
    if (this.state === 'closed') return;
    this.watcher?.disconnected();
    void this.reconnect();
  }

  private async reconnect(): Promise<void> {
    const { servers } = this.access;
    let pauseMs = LEAST_PAUSE_MS;
    for (let tries = 1; this.state === 'open' && this.connection === null; tries++) {
      const refusal = await this.tryNext();
      if (this.connection !== null) return;
      this.logOnce(`cannot connect to NATS: ${refusal}`);
      if (tries % servers.length > 0) continue;
      await new Promise<void>((resolve) => this.clock.after(pauseMs, resolve));
      pauseMs = Math.min(pauseMs * 2, MOST_PAUSE_MS);
    }
  }

  private logOnce(message: string): void {
    if (this.logged.has(message) || this.logged.size >= 32) return;
    this.logged.add(message);
    this.log.error({}, message);
  }
}

function explainError(error: Error): string {
  if (!(error instanceof errors.PermissionViolationError)) return `NATS: ${error.message}`;
  const verb = error.operation === 'publish' ? 'publish to' : 'subscribe to';
  return `the NATS user may not ${verb} ${error.subject}: permit it ${error.subject.replace(/^(cc\.[^.]+)\..*$/, '$1.>')}, or correct --cluster`;
}
