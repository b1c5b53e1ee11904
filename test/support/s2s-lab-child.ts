// In the network namespace of the lab: talks to each server as its client, through a server of ours. Prints a line of JSON for each check.
import assert from 'node:assert/strict';
import { ChopChop } from '../../server/compose/chopchop.ts';
import { createConfig } from '../../server/config/config.ts';
import { requestBody } from './osrf.ts';
import { Peer } from './peer.ts';
import { LAB, reachable } from './s2s-lab.ts';
import { recordingLog } from './server.ts';

const log = recordingLog();
const domains = ['chop.lab', 'pub.chop.lab'];
const peers = [...Object.keys(LAB), 'gone.lab'].map((domain) => `${domain},tls=off`);
const trustedServers = new Map([['chop.lab', ['chop.lab', ...Object.keys(LAB)]]]);
const config = createConfig({
  domains,
  hosts: ['127.0.2.4'],
  port: 5222,
  s2s: { port: 5269, peers },
  router: { trustedServers, trustedClients: trustedServers },
});
const server = new ChopChop(config, log);
await server.start();
const scope = { after: () => {} };
const ours = new Map<string, Peer>();
for (const domain of domains) {
  ours.set(domain, await (await Peer.connect(scope, { host: '127.0.2.4', port: 5222 })).loginByRfc6120('opensrf', domain, 'r'));
}

async function check(name: string, action: () => Promise<void>): Promise<void> {
  let problem = '';
  try {
    await action();
  } catch (error) {
    problem = `${(error as Error).message}\n${log.lines
      .slice(-6)
      .map(({ message, fields }) => `${message} ${JSON.stringify(fields)}`)
      .join('\n')}`;
  }
  process.stdout.write(`${JSON.stringify({ name, problem })}\n`);
}

function message(to: string, body: string, id: string): string {
  return `<message to='${to}' id='${id}' type='normal'><opensrf xmlns='http://opensrf.org' router_from='' osrf_xid='x1'/><thread>t1</thread><body>${body}</body></message>`;
}

for (const [domain, { host, username }] of Object.entries(LAB)) {
  await reachable(host, 5222);
  await reachable(host, 5269);
  const theirs = await (await Peer.connect(scope, { host, port: 5222 })).loginByRfc6120(username, domain, 'r');
  theirs.send("<iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq><presence/>");
  for (const [own, client] of ours) {
    await check(`${own} to ${domain}, and back`, async () => {
      client.send(message(`${username}@${domain}/r`, 'there', 'i1'));
      assert.match(await theirs.message(), /osrf_xid=['"]x1['"][\s\S]*there/);
      theirs.send(message(`opensrf@${own}/r`, 'back', 'i2'));
      const back = await client.message();
      assert.match(back, /osrf_xid=['"]x1['"]/);
      assert.match(back, /<thread>t1<\/thread>/);
      assert.match(back, /<body>back<\/body>/);
    });
    await check(`a bounce of ${domain} to ${own} has the thread and the body of the message`, async () => {
      client.send(message(`nobody@${domain}/gone`, 'lost', 'i3'));
      const bounce = await client.message();
      assert.match(bounce, /type='error'/);
      assert.match(bounce, /<thread>t1<\/thread>/);
      assert.match(bounce, /<body>lost<\/body>/);
    });
    await check(`a bounce of ${own} reaches ${domain}`, async () => {
      theirs.send(message(`nobody@${own}/gone`, 'lost', 'i4'));
      assert.match(await theirs.message(), /service-unavailable/);
    });
  }
  await check(`one stream leads to ${domain}, for both domains`, async () => {
    assert.deepEqual(server.federation?.peers.find((one) => one.domain === domain)?.outgoing, domains);
    assert.equal([...server.connections].filter(({ peer }) => peer === `${host}:5269`).length, 1);
  });
  await check(`a listener at ${domain} answers a client here, and a client there gets an answer of a service here`, async () => {
    const client = ours.get('chop.lab') as Peer;
    theirs.send(
      `<message to='router@chop.lab/router'><opensrf xmlns='http://opensrf.org' router_command='register' router_class='opensrf.${username}'/><body>registering</body></message>`,
    );
    theirs.send("<iq type='get' id='sync' to='chop.lab'><ping xmlns='urn:xmpp:ping'/></iq>");
    await theirs.expect(/<iq [^>]*id=['"]sync['"]/);
    client.send(message(`router@chop.lab/opensrf.${username}`, requestBody('add', [2, 2]), 'i5'));
    assert.match(await theirs.message(), /router_from=['"]opensrf@chop\.lab\/r['"]/);
    theirs.send(message('opensrf@chop.lab/r', 'four', 'i6'));
    assert.match(await client.message(), /four/);
    theirs.send(message('router@chop.lab/opensrf.absent', requestBody('add', [2, 2]), 'i7'));
    assert.match(await theirs.message(), /404|item-not-found|service-unavailable/);
  });
}
await check('a peer that is gone: the stanza bounces with remote-server-timeout', async () => {
  const client = ours.get('chop.lab') as Peer;
  client.send(message('x@gone.lab/r', 'lost', 'i8'));
  assert.match(await client.message(), /<remote-server-timeout /);
});
await server.stop();
process.exit(0);
