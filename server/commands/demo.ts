import { ChopChop } from '../chopchop.ts';
import { createConfig } from '../config/config.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import type { Log } from '../log.ts';
import { OsrfClient } from '../opensrf/client.ts';
import type { Answer } from '../opensrf/request.ts';
import { OsrfService } from '../opensrf/service.ts';
import type { ServiceEvent } from '../opensrf/service-description.ts';

const DOMAIN = 'localhost';
const SERVICE = 'opensrf.math';
const LOGIN = { domain: DOMAIN, username: 'opensrf', password: 'password' } as const;
const REQUEST_TIMEOUT_MS = 5_000;

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Shows a request's whole way on real connections: server, service (one listener, two workers), client.
 * @param print is given each line.
 * @throws CommandError if a step did not happen.
 */
export async function demo(print: (line: string) => void): Promise<void> {
  const server = new ChopChop(createConfig({ domains: [DOMAIN], port: 0 }), SILENT);
  const [address] = await server.start();
  if (address === undefined) throw new CommandError(EXIT.failed, 'the server listens nowhere');
  print(`1  server   listens on ${address.host}:${address.port} and serves ${DOMAIN}`);
  const events: ServiceEvent[] = [];
  const service = await OsrfService.start({
    ...LOGIN,
    ...address,
    service: SERVICE,
    workers: 2,
    methods: { add: (a: number, b: number) => a + b, mult: (a: number, b: number) => a * b },
    onEvent: (event) => events.push(event),
  });
  const client = await OsrfClient.connect({ ...LOGIN, ...address, resource: `demo_client_${process.pid}` });
  try {
    await tell(server, service, client, events, print);
  } finally {
    await client.close();
    await service.stop();
    await server.stop();
  }
}

async function tell(server: ChopChop, service: OsrfService, client: OsrfClient, events: ServiceEvent[], print: (line: string) => void): Promise<void> {
  const router = server.routers.get(DOMAIN);
  const address = `router@${DOMAIN}/${SERVICE}`;
  await client.request('router', 'opensrf.router.info.class.list');
  const node = router?.classes.get(SERVICE)?.nodes.get(service.listener.jid);
  check(node !== undefined, `${address} exists, with one listener`);
  for (const { jabber } of service.workers) print(`   worker   ${jabber.jid} logged in`);
  print(`   listener ${service.listener.jid} logged in and registered: ${address} exists`);
  print(`   client   ${client.jid} logged in`);

  print(`\n2  client   asks ${address} for add(2, 2)`);
  const first = await asked(client.request(SERVICE, 'add', 2, 2).answer, events);
  check(first.answer.results[0] === 4, 'the answer is 4');
  tellRouted(first, service, client, print);

  const session = client.session(SERVICE);
  print(`\n3  client   asks ${address} for a session (CONNECT)`);
  const connected = await asked(
    session.connect(REQUEST_TIMEOUT_MS).then((from) => ({ results: [], from })),
    events,
  );
  tellRouted(connected, service, client, print);
  const worker = session.remote;

  print(`\n4  client   sends mult(6, 7) straight to ${worker}`);
  const direct = await asked(session.call('mult', [6, 7], REQUEST_TIMEOUT_MS).answer, events);
  check(direct.answer.results[0] === 42, 'the answer is 42');
  check(direct.listened === undefined, 'neither router nor listener had a part in it');
  check(direct.answer.from === worker, 'the same worker answered');
  print(`   worker   ${direct.answer.from} answers the client: 42. The router had no part in it`);
  session.end();

  print(`\n5  client   has ended the session and asks ${address} for add(1, 1)`);
  const last = await asked(client.request(SERVICE, 'add', 1, 1).answer, events);
  check(last.answer.results[0] === 2, 'the answer is 2');
  tellRouted(last, service, client, print);
  check(node?.count === 3, 'the router handed the listener three messages');
  print(`\n   router   handed ${node?.count} messages to the listener. Everything happened as it should.`);
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

function tellRouted({ answer, listened }: Asked, service: OsrfService, client: OsrfClient, print: (line: string) => void): void {
  check(listened?.from === `router@${DOMAIN}/${SERVICE}`, 'the router stamped the request with the address of the class');
  check(listened.routerFrom === client.jid, 'the router named the real sender');
  check(answer.from === listened.worker && answer.from !== service.listener.jid, 'the worker answered, not the listener');
  print(`   router   passes it to ${listened.listener}, router_from=${listened.routerFrom}`);
  print(`   listener hands it to ${listened.worker}`);
  print(`   worker   ${answer.from} answers the client${answer.results.length > 0 ? `: ${JSON.stringify(answer.results[0])}` : ': connected'}`);
}

function check(happened: boolean, step: string): asserts happened {
  if (!happened) throw new CommandError(EXIT.failed, `demo: this did not happen: ${step}`);
}
