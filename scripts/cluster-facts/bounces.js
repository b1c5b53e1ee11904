import { messageXml } from '../load/peer.js';
import { quantile, RawClient } from './lab.js';

const PING = "<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>";
const AT_ONCE = 8;

async function timed(client, xml) {
  const start = performance.now();
  client.send(xml);
  return { stanza: await client.next(), ms: performance.now() - start };
}

/** Messages to addresses that no member has, one after the other at each member. */
export async function absentAddresses(lab, { bounces }) {
  const members = await lab.three();
  const times = [];
  const pings = [];
  let other = 0;
  const ask = async (member) => {
    const client = await RawClient.login(lab, member, `asker-${member.name}`);
    for (let count = 0; count < bounces / 3; count++) {
      // The ping tells the machine's part.
      pings.push((await timed(client, PING)).ms);
      const { stanza, ms } = await timed(client, messageXml(`opensrf@localhost/absent-${member.name}-${count}`, '', `t${count}`, 'hello'));
      if (stanza.includes("type='error'")) times.push(ms);
      else other++;
    }
  };
  await Promise.all(members.map(ask));
  const [p50, p99, max] = [0.5, 0.99, 1].map((share) => quantile(times, share));
  return [
    {
      name: `bounce of an absent address, p99 of ${times.length}`,
      value: p99,
      unit: 'ms',
      goal: 10,
      note: `p50 ${p50.toFixed(2)}, max ${max.toFixed(1)}; a ping meanwhile: p50 ${quantile(pings, 0.5).toFixed(2)}, p99 ${quantile(pings, 0.99).toFixed(2)}, max ${quantile(pings, 1).toFixed(1)}`,
    },
    { name: 'other outcomes', value: other, unit: '', goal: 0 },
  ];
}

/** A client logs in at one member; one of another member, which has not asked yet, writes to it at once. */
export async function freshAddresses(lab, { logins }) {
  const members = await lab.three();
  let bounced = 0;
  let arrived = 0;
  const times = [];
  const run = async (lane) => {
    const senders = await Promise.all(members.map((member) => RawClient.login(lab, member, `sender-${lane}-${member.name}`)));
    for (let count = lane; count < logins; count += AT_ONCE) {
      const at = count % 3;
      const sender = senders[(at + 1 + (count % 2)) % 3];
      const fresh = await RawClient.login(lab, members[at], `fresh-${count}`);
      const start = performance.now();
      sender.send(messageXml(fresh.jid, '', `t${count}`, 'hello'));
      const isBounced = await Promise.race([fresh.next().then(() => false), sender.next().then(() => true)]);
      if (isBounced) bounced++;
      else arrived++;
      times.push(performance.now() - start);
      // Its next() has no answer: a stanza for it would be taken as a bounce.
      if (!isBounced) sender.forget();
      fresh.socket.destroy();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, lane) => run(lane)));
  const asks = await Promise.all(members.map(async (member) => (await member.get('/api/v1/server')).cluster.asks));
  const note = `arrived ${arrived}, p99 ${quantile(times, 0.99).toFixed(1)} ms, members asked the others ${asks.join(' + ')} times`;
  return [{ name: `false bounces for ${logins} fresh addresses`, value: bounced + (logins - arrived - bounced), unit: '', goal: 0, note }];
}
