import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lines, type Report } from '../server/cli/text/status-report.ts';
import type { ServerReport } from '../server/control/server-report.ts';
import { startControlledServer } from './support/control.ts';
import { LocalClient } from './support/local-client.ts';
import { openPair, PeerServer } from './support/peer-server.ts';

/** A server that one peer exchanges stanzas with, while another one does not answer, and a third is gone. */
async function started(t: Parameters<typeof startControlledServer>[0]) {
  const [here, waiting, gone] = [await PeerServer.listen(t), await PeerServer.listen(t), await PeerServer.listen(t)];
  gone.close();
  const peers = Object.entries({ 'private.a': here, 'waiting.a': waiting, 'gone.a': gone });
  const server = await startControlledServer(t, {
    domains: ['private.b'],
    limits: { peerNegotiationMs: 3_600_000, peerRetryMs: 3_600_000 },
    s2s: { port: 0, peers: peers.map(([domain, { port }]) => `${domain}=127.0.0.1:${port},auth=dialback`) },
  });
  const client = new LocalClient(server.server, 'private.b');
  for (const [domain] of peers) client.send(`x@${domain}/y`, 'hello');
  await (await here.acceptedPair()).message();
  await openPair(t, server.server, here, 'private.a', 'private.b');
  await client.message();
  return server;
}

test('the interface, status and metrics show pairs, queues, age and the last problem of each peer', async (t) => {
  const since = Date.now();
  const { json, call } = await started(t);
  const report = (await json('/api/v1/server')) as unknown as ServerReport;
  const [first, second, third] = report.peers;
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  assert.deepEqual(
    [first.domain, first.outgoing, first.incoming, first.queuedStanzas, first.failures, first.problem],
    ['private.a', ['private.b'], ['private.b'], 0, 0, ''],
  );
  assert.ok(first.connectedAt !== null && first.connectedAt >= since && first.connectedAt <= Date.now());
  assert.deepEqual([second.outgoing, second.queuedStanzas, second.queuedBytes > 0, second.connectedAt, second.problemAt], [[], 1, true, null, null]);
  assert.match(third.problem, /^cannot connect to 127\.0\.0\.1:\d+$/);
  assert.ok(third.failures === 1 && third.problemAt !== null && third.problemAt >= since);
  assert.deepEqual(((await json('/api/v1/health?range=none')) as { peers?: unknown }).peers, report.peers);

  const step = { ok: true, ms: 0, what: '' };
  const control = { ...report, at: '', routers: [] };
  const status = lines({
    source: { kind: 'control', note: '' },
    server: step,
    login: step,
    router: { ...step, services: [] },
    version: null,
    control,
  } satisfies Report);
  const shown = status.filter((line) => line.startsWith('peer ')).map((line) => line.replaceAll(/:\d+/g, ':PORT').replaceAll(/\b\d+ s\b/g, 'N s'));
  assert.deepEqual(shown, [
    'peer     private.a: takes stanzas of private.b at 127.0.0.1:PORT; sends to private.b; connected for N s',
    'peer     waiting.a: no stream open to it; none open from it; 1 stanza (0.0 MB) wait',
    'peer     gone.a: no stream open to it; none open from it; 1 failure; N s ago: cannot connect to 127.0.0.1:PORT',
  ]);

  const metrics = await (await call('/metrics')).text();
  for (const line of [
    'peer_up{peer="private.a"} 1',
    'peer_up{peer="gone.a"} 0',
    'peer_pairs{peer="private.a",direction="in"} 1',
    'peer_pairs{peer="private.a",direction="out"} 1',
    'peer_pairs{peer="waiting.a",direction="out"} 0',
    'peer_queued_stanzas{peer="waiting.a"} 1',
    `peer_queued_bytes{peer="waiting.a"} ${second.queuedBytes}`,
    'peer_stream_age_seconds{peer="gone.a"} 0',
    'peer_failures_total{peer="gone.a"} 1',
    'peer_failures_total{peer="private.a"} 0',
  ]) {
    assert.ok(metrics.includes(`opensrf_chopchop_${line}\n`), line);
  }
  const [, age] = /opensrf_chopchop_peer_stream_age_seconds\{peer="private\.a"\} ([\d.]+)\n/.exec(metrics) ?? [];
  assert.ok(Number(age) > 0 && Number(age) <= (Date.now() - since) / 1000, age);
});
