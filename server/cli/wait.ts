import { setTimeout as delay } from 'node:timers/promises';
import type { ValuesOf } from '../config/setting.ts';
import { type ConnectionConfig, type ConnectionValues, loginOf } from '../config/sources/connection.ts';
import { SYSTEM_TIME } from '../kernel/clock.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { OsrfClient } from '../osrf/client.ts';
import { LoginError } from '../osrf/login.ts';
import { classList } from '../osrf/router-info.ts';
import { connectionOf, failureOf, resourceFor, routerFailure } from './client-command.ts';
import type { WAIT_OPTIONS } from './client-options.ts';
import { askControl, ownRouter, printNote } from './control-source.ts';
import { sayWhileWaiting } from './text/progress.ts';

/** The arguments of `wait`. */
export interface WaitArguments extends ConnectionValues, ValuesOf<typeof WAIT_OPTIONS> {
  /** More service names. */
  readonly services: readonly string[];
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 250;
/** Servers lock out clients that try passwords too often. */
const REFUSED_PAUSE_MS = 1_000;
/** A router silent for this long may stay silent; a new query may reach it again. */
const ANSWER_TIMEOUT_MS = 5_000;

/**
 * Returns when the router knows all the services, even if the server starts later.
 * @throws CommandError after the timeout.
 */
export async function wait(args: WaitArguments, print: (line: string) => void): Promise<void> {
  const names = [...new Set([...args.service, ...args.services])];
  if (names.length === 0) throw new CommandError(EXIT.usage, 'wait: name a service (see --service)');
  const waiting = new Waiting(connectionOf(args), args.controlFile, names, args.timeoutMs);
  try {
    const seconds = await waiting.done();
    printNote(waiting.note);
    print(`registered: ${names.join(', ')} (after ${seconds} s)`);
  } finally {
    await waiting.close();
  }
}

class Waiting {
  /** The reason for using Jabber although a control interface exists or should exist. */
  note = '';
  private readonly connection: ConnectionConfig;
  private readonly controlFile: string | null;
  private readonly names: readonly string[];
  private readonly begin = SYSTEM_TIME.now();
  private readonly timeoutMs: number;
  private client: OsrfClient | null = null;
  /** The current obstacle. */
  private missing: string;

  constructor(connection: ConnectionConfig, controlFile: string | null, names: readonly string[], timeoutMs: number) {
    this.connection = connection;
    this.controlFile = controlFile;
    this.names = names;
    this.missing = `no answer yet (waiting for ${names.join(', ')})`;
    this.timeoutMs = timeoutMs;
  }

  /** @returns the seconds waited. */
  async done(): Promise<string> {
    const stop = sayWhileWaiting(() => this.missing);
    try {
      return await this.lookUntilDone();
    } finally {
      stop();
    }
  }

  private async lookUntilDone(): Promise<string> {
    let pause = FIRST_PAUSE_MS;
    for (let obstacle = await this.look(); obstacle !== null; obstacle = await this.lookAgain(obstacle)) {
      this.missing = obstacle.text;
      await delay(Math.max(0, Math.min(this.leftMs(), obstacle.refused ? REFUSED_PAUSE_MS : pause)));
      if (this.leftMs() <= 0) throw new CommandError(obstacle.exitCode, `after ${this.timeoutMs / 1000} s: ${obstacle.text}`);
      pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS);
    }
    return ((SYSTEM_TIME.now() - this.begin) / 1000).toFixed(1);
  }

  async close(): Promise<void> {
    await this.client?.close();
  }

  private leftMs(): number {
    return this.begin + this.timeoutMs - SYSTEM_TIME.now();
  }

  /** Checks again. Ignores the failure of a check that began too late for an answer, and keeps the earlier result. */
  private async lookAgain(known: Obstacle): Promise<Obstacle | null> {
    const tooLate = this.leftMs() < LONGEST_PAUSE_MS;
    const obstacle = await this.look();
    return obstacle !== null && tooLate ? known : obstacle;
  }

  /** The remaining obstacle; null: none. */
  private async look(): Promise<Obstacle | null> {
    const { domain, router } = this.connection;
    const address = `${router}@${domain}/router`;
    try {
      const registered = (await this.controlledServices(address)) ?? (await classList(await this.connected(), address, this.patienceMs()));
      const missing = this.names.filter((name) => !registered.includes(name));
      if (missing.length === 0) return null;
      return { refused: false, exitCode: EXIT.timeout, text: `not registered with ${address}: ${missing.join(', ')}` };
    } catch (error) {
      return this.obstacleOf(error, address);
    }
  }

  /** The registered services, if the control interface answers; looked up each time, since servers come and go. */
  private async controlledServices(address: string): Promise<string[] | null> {
    const answer = await askControl(this.connection, this.controlFile, this.patienceMs());
    const router = answer.control === null ? null : ownRouter(answer.control, address);
    this.note = '';
    if (router !== null) return router.services.map(({ service }) => service);
    this.note = answer.control === null ? answer.note : `the server at ${answer.control.at} is not the router ${address}`;
    if (this.controlFile !== null) throw new CommandError(EXIT.absent, this.note);
    return null;
  }

  // Without a server or a router, the missing services are unknown.
  private obstacleOf(error: unknown, router: string): Obstacle {
    const open = this.client?.jabber.open === true;
    const failure = open && !(error instanceof CommandError) ? routerFailure(error, router) : failureOf(error);
    if (!(failure instanceof CommandError)) throw failure;
    if (!open) this.client = null;
    const refused = error instanceof LoginError && error.refused;
    return { refused, exitCode: failure.exitCode, text: `${failure.message} (waited for ${this.names.join(', ')})` };
  }

  private async connected(): Promise<OsrfClient> {
    const { connection } = this;
    this.client ??= await OsrfClient.connect({
      ...loginOf(connection),
      routerName: connection.router,
      resource: resourceFor('wait'),
      loginTimeoutMs: this.patienceMs(),
    });
    return this.client;
  }

  // At least the time of one answer, so that the final message has the real reason.
  private patienceMs(): number {
    return Math.max(LONGEST_PAUSE_MS, Math.min(ANSWER_TIMEOUT_MS, Math.ceil(this.leftMs())));
  }
}

interface Obstacle {
  /** Whether the server refused the login. */
  readonly refused: boolean;
  readonly exitCode: number;
  readonly text: string;
}
