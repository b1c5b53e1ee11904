import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { ChopChop } from '../compose/chopchop.ts';
import { createConfig } from '../config/config.ts';
import type { ValuesOf } from '../config/setting.ts';
import { type ConnectionConfig, type ConnectionValues, DEFAULT_CONNECTION, loginOf } from '../config/sources/connection.ts';
import { DEFAULT_CONSOLE_PORT } from '../config/values/control-port.ts';
import type { Control } from '../control/control.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import type { Log } from '../kernel/log.ts';
import { OsrfClient } from '../osrf/client.ts';
import { OsrfError } from '../osrf/errors.ts';
import type { Answer } from '../osrf/request.ts';
import { OsrfService } from '../osrf/service.ts';
import type { ServiceEvent } from '../osrf/service-description.ts';
import { connectionOf, failureOf } from './client-command.ts';
import type { DEMO_OPTIONS } from './client-options.ts';
import { controlFileOf } from './control-source.ts';
import { oneLine } from './text/one-line.ts';

const DOMAIN = 'localhost';
const SERVICE = 'opensrf.math';
const REQUEST_TIMEOUT_MS = 5_000;

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };

type Print = (line: string) => void;

/** The pause between two requests of a demo that stays. */
const PAUSE_MS = 2_000;

/** The arguments of `demo`. */
export type DemoArguments = ConnectionValues & ValuesOf<typeof DEMO_OPTIONS>;

/**
 * Shows the full path of a request over real connections: server, service (one listener, two workers), client.
 * With `--stay` the sessions stay, and the client goes on asking until a signal ends it.
 * @param args The address of a running server; without one, starts a server.
 * @param print Prints one line.
 * @throws CommandError if a step fails.
 */
export async function demo({ stay, ...args }: DemoArguments, print: Print): Promise<void> {
  const isThere = Object.values(args).some((given) => given !== null);
  if (isThere) {
    const connection = connectionOf(args);
    print(`1  server   runs at ${connection.host}:${connection.port} and serves ${connection.domain}`);
    const found = await controlFileOf(connection);
    await play(connection, stay, print, found?.alive === true ? `The console (opensrf-chopchop console --port ${connection.port}) shows it` : '');
    return;
  }
  const server = new ChopChop(createConfig({ domains: [DOMAIN], port: 0 }), SILENT);
  const [address] = await server.start();
  if (address === undefined) throw new CommandError(EXIT.failed, 'the server has no listening address');
  print(`1  server   listens on ${address.host}:${address.port} and serves ${DOMAIN}`);
  const control = stay ? await consoleOf(server) : null;
  try {
    await play(
      { ...DEFAULT_CONNECTION, ...address, domain: DOMAIN },
      stay,
      print,
      control === null ? '' : `The console at ${control.url}/#token=${control.token} shows it`,
    );
  } finally {
    await control?.stop();
    await server.stop();
  }
}

async function consoleOf(server: ChopChop): Promise<Control> {
  const [{ startControl }, { newToken }] = await Promise.all([import('../control/control.ts'), import('../control/token.ts')]);
  return startControl(server, { port: DEFAULT_CONSOLE_PORT, anyPort: true, socket: null }, newToken(), SILENT);
}

/** Logs all parts in and runs the demo. @param shown Where to see it, as the beginning of a sentence; `''`: nowhere. */
async function play(connection: ConnectionConfig, stay: boolean, print: Print, shown: string): Promise<void> {
  const login = loginOf(connection);
  const client = await OsrfClient.connect({ ...login, routerName: connection.router, resource: `demo_client_${process.pid}` }).catch((error) =>
    Promise.reject(failureOf(error)),
  );
  const events: ServiceEvent[] = [];
  let service: OsrfService | null = null;
  try {
    const registered = await client.request('router', 'opensrf.router.info.class.list');
    if (Array.isArray(registered) && registered.includes(SERVICE)) {
      throw new CommandError(EXIT.failed, `demo: ${SERVICE} is already registered at ${connection.domain}; the demo would interfere with it`);
    }
    service = await OsrfService.start({
      ...login,
      service: SERVICE,
      workers: 2,
      routers: [`${connection.router}@${connection.domain}/router`],
      methods: { add: (a: number, b: number) => a + b, mult: (a: number, b: number) => a * b, div },
      onEvent: (event) => events.push(event),
    });
    await service.listener.settled();
    const stage = { service, client, events, print, address: `${connection.router}@${connection.domain}/${SERVICE}` };
    await tell(stage);
    if (shown !== '') print(`\n${shown}: ${whereToLook(stay)}`);
    if (stay) await goOn(stage);
  } catch (error) {
    throw failureOf(error);
  } finally {
    await service?.stop();
    await client.close();
  }
}

function div(a: number, b: number): number {
  if (b === 0) throw new Error('Illegal division by zero');
  return a / b;
}

/** The participants, and the service's address. */
interface Stage {
  readonly service: OsrfService;
  readonly client: OsrfClient;
  readonly events: ServiceEvent[];
  readonly print: Print;
  readonly address: string;
}

async function tell(stage: Stage): Promise<void> {
  const { service, client, events, print, address } = stage;
  check((await handed(stage)) === 0, `${address} exists, with one listener`);
  for (const { jabber } of service.workers) print(`   worker   ${jabber.jid} logged in`);
  print(`   listener ${service.listener.jid} logged in and registered: ${address} exists`);
  print(`   client   ${client.jid} logged in`);

  print(`\n2  client   asks ${address} for add(2, 2)`);
  const first = await asked(client.request(SERVICE, 'add', 2, 2).answer, events);
  check(first.answer.results[0] === 4, 'the answer is 4');
  tellRouted(first, stage);

  const session = client.session(SERVICE);
  print(`\n3  client   asks ${address} for a session (CONNECT)`);
  const connected = await asked(
    session.connect(REQUEST_TIMEOUT_MS).then((from) => ({ results: [], from })),
    events,
  );
  tellRouted(connected, stage);
  const worker = session.remote;

  print(`\n4  client   sends mult(6, 7) directly to ${worker}`);
  const direct = await asked(session.call('mult', [6, 7], REQUEST_TIMEOUT_MS).answer, events);
  check(direct.answer.results[0] === 42, 'the answer is 42');
  check(direct.listened === undefined, 'neither router nor listener was involved');
  check(direct.answer.from === worker, 'the same worker answered');
  print(`   worker   ${direct.answer.from} answers the client: 42. The router was not involved`);
  session.end();

  print(`\n5  client   has ended the session and asks ${address} for add(1, 1)`);
  const third = await asked(client.request(SERVICE, 'add', 1, 1).answer, events);
  check(third.answer.results[0] === 2, 'the answer is 2');
  tellRouted(third, stage);

  print(`\n6  client   asks ${address} for div(1, 0)`);
  const error = await client.request(SERVICE, 'div', 1, 0).answer.catch((thrown: unknown) => thrown);
  check(error instanceof OsrfError && error.statusCode === 500, 'the worker refuses to divide by zero');
  print(`   worker   ${error.from} answers the client with an error: ${oneLine(error.message)}`);
  const count = await handed(stage);
  check(count === 4, 'the router handed the listener four messages');
  print(`\n   router   handed ${count} messages to the listener. All steps succeeded.`);
}

function whereToLook(stay: boolean): string {
  const request = 'Request has the four requests, newest first; the newest, div, is red and says why';
  return stay ? `Connections has the client, the listener and both workers; ${request}` : `${request}. With --stay the sessions stay, too`;
}

/** Asks now and then, each fifth time for an error, until a signal comes. */
async function goOn({ client, print }: Stage): Promise<void> {
  print(`\n   client   goes on asking every ${PAUSE_MS / 1_000} s. Ctrl-C ends it`);
  const ended = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]).then(() => true);
  const pause = () => wait(PAUSE_MS, false);
  for (let n = 1; !(await Promise.race([ended, pause()])); n++) {
    await client.request(SERVICE, n % 5 === 0 ? 'div' : 'add', n, 0).answer.catch((error: unknown) => checkAnswered(error));
  }
}

/** An error of the service is an answer. */
function checkAnswered(error: unknown): void {
  if (!(error instanceof OsrfError && error.statusCode === 500)) throw error;
}

/** The number of messages that the router has handed to the listener. */
async function handed({ client, service }: Stage): Promise<unknown> {
  const counts = await client.request('router', 'opensrf.router.info.stats.class', SERVICE);
  return (counts as Record<string, unknown>)[service.listener.jid];
}

interface Asked {
  readonly answer: Answer;
  readonly listened: Extract<ServiceEvent, { kind: 'listener-received' }> | undefined;
}

async function asked(answer: Promise<Answer>, events: ServiceEvent[]): Promise<Asked> {
  events.length = 0;
  const settled = await answer;
  return { answer: settled, listened: events.find((event) => event.kind === 'listener-received') };
}

function tellRouted({ answer, listened }: Asked, { service, client, print, address }: Stage): void {
  check(listened?.from === address, 'the router stamped the request with the address of the class');
  check(listened.routerFrom === client.jid, 'the router named the real sender');
  check(answer.from === listened.worker && answer.from !== service.listener.jid, 'the worker answered, not the listener');
  print(`   router   passes it to ${listened.listener}, router_from=${listened.routerFrom}`);
  print(`   listener hands it to ${listened.worker}`);
  print(`   worker   ${answer.from} answers the client${answer.results.length > 0 ? `: ${JSON.stringify(answer.results[0])}` : ': connected'}`);
}

function check(happened: boolean, step: string): asserts happened {
  if (!happened) throw new CommandError(EXIT.failed, `demo: this step failed: ${step}`);
}
