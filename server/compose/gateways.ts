import { hostname } from 'node:os';
import { gatewayAccount, routerName } from '../config/config.ts';
import { Activity } from '../gateways/activity.ts';
import { Entrance } from '../gateways/entrance.ts';
import { WorkerPool } from '../gateways/http/worker-pool.ts';
import { JsonDoor } from '../gateways/json/json-door.ts';
import { ServicesDoor } from '../gateways/services/services-door.ts';
import { TransactionIds } from '../gateways/transaction-ids.ts';
import { TranslatorDoor } from '../gateways/translator/translator-door.ts';
import { TranslatorSessions } from '../gateways/translator/translator-sessions.ts';
import { WebSocketDoor } from '../gateways/websocket/websocket-door.ts';
import type { Log } from '../kernel/log.ts';
import { allowedOrigins } from '../web/allowed-origins.ts';
import type { Door } from '../web/door.ts';
import type { Parts } from './compose.ts';

/** The web gateways of a running server. */
export class Gateways {
  readonly doors: readonly Door[];
  private readonly parts: Parts;
  private readonly webSocket: WebSocketDoor;
  private readonly pool: WorkerPool;

  constructor(parts: Parts, log: Log) {
    const { running, programs, clock, guardedLogs, connections, routers, memory, slices } = parts;
    const { config } = running;
    const { limits, web } = config;
    const account = gatewayAccount(config);
    if (account === undefined) throw new Error('the gateways have no account, which the configuration should have refused');
    const startedAt = clock.wallTime();
    const guardedLog = guardedLogs.of('gateway', ['info', 'warn', 'error']);
    const entrance = new Entrance({
      account,
      router: `${routerName(config.router, account.domain)}@${account.domain}`,
      // Members may run on one host, and share all addresses.
      hostname: config.cluster === null ? hostname() : `${hostname()}_${config.cluster.member}`,
      startedAt,
      log: guardedLog,
      enter: (identity, program, place) => programs.enter(identity, program, place),
    });
    this.parts = parts;
    this.pool = new WorkerPool(entrance, limits.webRequests, clock, slices);
    const shared = {
      limits,
      clock,
      jobs: slices,
      entrance,
      pool: this.pool,
      activity: new Activity(log, running),
      transactionIds: new TransactionIds(startedAt),
      allowed: allowedOrigins(config),
    };
    this.webSocket = new WebSocketDoor({ ...shared, memory, log: guardedLog, pending: connections.pending });
    const sessions = new TranslatorSessions(limits.webSessions, limits.webSessionMs, () => clock.now());
    const services = () => [...(routers.byDomain.get(account.domain)?.classes.keys() ?? [])];
    this.doors = [
      this.webSocket,
      new JsonDoor(shared),
      new TranslatorDoor({ ...shared, sessions }),
      ...(web.services.length === 0 ? [] : [new ServicesDoor({ ...shared, patterns: web.services, services })]),
    ];
  }

  /** Stops taking requests, waits a limited time for the answers, then ends everything. */
  async close(restarts = false): Promise<void> {
    const { clock, running } = this.parts;
    const { webDrainMs } = running.config.limits;
    await Promise.race([Promise.all([this.webSocket.drain(), this.pool.settled()]), new Promise<void>((resolve) => void clock.after(webDrainMs, resolve))]);
    this.pool.close();
    await this.webSocket.close(restarts);
  }
}
