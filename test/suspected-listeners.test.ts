import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import type { ConfigInput } from '../server/config/config.ts';
import { cRequest, requestBody, resultBody } from './support/osrf.ts';
import { eventually } from './support/patience.ts';
import { Peer } from './support/peer.ts';
import { endWith, kill } from './support/processes.ts';
import { startServer, type TestServer } from './support/server.ts';

const DOMAIN = 'private.localhost';
const MATH = `router@${DOMAIN}/opensrf.math`;

const skip = (!existsSync('/proc/net/tcp') && 'no /proc/net/tcp here') || (spawnSync('perl', ['-v']).status !== 0 && 'no perl here');

/** A listener of a Perl service that answers by itself, and has started a worker that holds its socket. Arguments: PORT ANSWER HOST. Prints the numbers of both processes. */
const LISTENER = `
use IO::Socket::INET;
$| = 1;
my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[0]) or die "no server";
my $input = "";
sub put { syswrite($socket, $_[0]) }
sub wait_for { until ($input =~ $_[0]) { sysread($socket, $input, 65536, length $input) or exit 1 } }
put("<stream:stream to='${DOMAIN}' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>");
wait_for(qr/<stream:stream[^>]*>/);
my $name = "opensrf.math_listener_$ARGV[2]_$$";
put("<iq id='1' type='set'><query xmlns='jabber:iq:auth'><username>opensrf</username><password>password</password><resource>$name</resource></query></iq>");
wait_for(qr/type='result'/);
put("<message to='router@${DOMAIN}/router'><opensrf router_command='register' router_class='opensrf.math'/><body/></message>");
my $worker = fork();
if ($worker == 0) { close STDOUT; close STDERR; sleep 3600; exit 0 }
print "$$ $worker\n";
$input = "";
while (1) {
  wait_for(qr{<message.*?</message>}s);
  $input =~ s{<message(.*?)</message>}{}s;
  my $request = $1;
  my ($client) = $request =~ /router_from='([^']*)'/;
  my ($thread) = $request =~ m{<thread>(.*?)</thread>};
  put("<message to='$client'><opensrf osrf_xid=''/><thread>$thread</thread><body>$ARGV[1]</body></message>");
}`.replaceAll(/@(?=private)/g, '\\@');

interface Listener {
  readonly child: ChildProcess;
  readonly pid: number;
}

async function setUp(t: TestContext, input: ConfigInput = {}) {
  const started = await startServer(t, { domains: [DOMAIN], ...input, limits: { stalledAfterMs: 1_000 } });
  const client = await Peer.inMemory(started.server).login('opensrf', DOMAIN, 'client');
  let thread = 0;
  const ask = (count: number) => {
    for (let number = 0; number < count; number++) client.send(cRequest(MATH, '', `t${++thread}`, requestBody('add')));
  };
  const answers = async (count: number) => {
    for (let number = 0; number < count; number++) await client.message();
  };
  return { ...started, client, ask, answers, listen: (host: string) => startListener(t, started, host) };
}

/** @param host As the name of its session says it. */
async function startListener(t: TestContext, { server, address }: TestServer, host: string): Promise<Listener> {
  const registered = new Promise<void>((resolve) => {
    const end = server.watchServices(() => {
      end();
      resolve();
    });
  });
  const child = endWith(t, spawn('perl', ['-e', LISTENER, String(address.port), resultBody('sum'), host], { stdio: ['ignore', 'pipe', 'inherit'] }));
  const [output] = await once(child.stdout as NodeJS.ReadableStream, 'data');
  const [pid, worker] = String(output).split(' ').map(Number) as [number, number];
  t.after(() => kill(worker));
  await registered;
  return { child, pid };
}

/** The state of a process (proc(5)); a signal takes effect only when the process gets a CPU, so it may still read earlier input. */
function stateOf(pid: number): string {
  return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1] ?? '';
}

/** Waits for a line of the log. */
async function logged({ log }: TestServer, message: string): Promise<Readonly<Record<string, unknown>>> {
  const find = () => log.lines.find((line) => line.message === message);
  await eventually(() => find() !== undefined, message);
  return find()?.fields ?? {};
}

test('a stopped listener is passed over within seconds, and trusted when it continues: its requests are answered then', { skip }, async (t) => {
  const setting = await setUp(t);
  const { ask, answers, client, server } = setting;
  const [stopped, other] = [await setting.listen('one'), await setting.listen('two')];
  ask(4);
  await answers(4);
  process.kill(stopped.pid, 'SIGSTOP');
  await eventually(() => stateOf(stopped.pid) === 'T', 'the listener is stopped');
  ask(2);
  await answers(1);
  const { reason, listener } = await logged(setting, 'a listener is suspected to be dead: it gets requests only if no other listener can');
  assert.deepEqual([reason, listener], ['unread', `opensrf@${DOMAIN}/opensrf.math_listener_one_${stopped.pid}`]);
  ask(10);
  await answers(10);
  const nodes = [...(server.routers.get(DOMAIN)?.classes.get('opensrf.math')?.nodes.values() ?? [])];
  assert.deepEqual(
    nodes.map(({ pid, unanswered }) => [pid, unanswered]),
    [
      [stopped.pid, 1],
      [other.pid, 0],
    ],
  );
  assert.doesNotMatch(client.transcript, /503/);
  process.kill(stopped.pid, 'SIGCONT');
  await answers(1);
  await logged(setting, 'a listener is no longer suspected to be dead');
});

test('kill -9 of a listener whose worker holds its socket: after a restart of the service no request goes to the dead one, and its requests are refused', {
  skip,
}, async (t) => {
  const setting = await setUp(t, { router: { lossGraceMs: 10 } });
  const { ask, answers, client, log, server } = setting;
  const dead = await setting.listen('localhost');
  ask(2);
  await answers(2);
  dead.child.kill('SIGKILL');
  await once(dead.child, 'exit');
  ask(1);
  assert.equal(server.sessions.size, 2, 'the session of the dead listener is there');
  const successor = await setting.listen('localhost');
  ask(20);
  await answers(20);
  assert.doesNotMatch(client.transcript, /503/);
  const suspicion = await logged(setting, 'a listener is suspected to be dead: it gets requests only if no other listener can');
  assert.deepEqual([suspicion['reason'], suspicion['router']], ['gone', `router@${DOMAIN}`]);
  assert.match(await client.message(), /"statusCode":"503"/);
  const ended = log.lines.filter(({ message }) => message === 'session ended').map(({ fields }) => [fields['jid'], fields['reason']]);
  assert.deepEqual(ended, [[`opensrf@${DOMAIN}/opensrf.math_listener_localhost_${dead.pid}`, 'process-ended']]);
  assert.equal(server.routers.get(DOMAIN)?.classes.get('opensrf.math')?.nodes.size, 1);
  process.kill(successor.pid, 0);
});
