import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { ChopChopConfig } from '../config/config.ts';
import type { PeerServer } from '../config/values/peers.ts';
import { Addresses, SYSTEM_NAMES } from '../federation/addresses.ts';
import { dial } from '../federation/dial.ts';
import { peerFraming } from '../federation/framing.ts';
import { createClock } from '../kernel/clock.ts';
import { type Finding, failure, ok, warning } from './finding.ts';

const ANSWER_MS = 3_000;

/** Checks the way to each peer server: its address, its port, its stream. A running server has the rest: `status` shows its peers. */
export async function checkPeers({ s2s, domains, limits }: ChopChopConfig): Promise<Finding[]> {
  const local = domains.filter((domain) => domain === 'localhost' || domain.endsWith('.localhost'));
  const names =
    s2s.peers.length === 0 || local.length === 0
      ? []
      : [warning(`${local.join(', ')}: every machine has such a domain, so peers cannot tell them apart`, 'give the domains names of their own (--domain)')];
  return [...names, ...(await Promise.all(s2s.peers.map((peer) => checkPeer(peer, domains[0] as string, limits.peerConnectMs))))];
}

async function checkPeer(peer: PeerServer, own: string, ms: number): Promise<Finding> {
  const clock = createClock({ run: (action) => action() });
  const addresses = await new Addresses(SYSTEM_NAMES, () => 0).of(peer);
  const { domain, tls } = peer;
  if (addresses.length === 0)
    return failure(`peer ${domain}: ${peer.host || domain} has no address in /etc/hosts or DNS`, `name it: --s2s-peer ${domain}=ADDRESS`);
  const shown = addresses.map(({ host, port }) => `${host}:${port}`).join(', ');
  const socket = await dial(addresses, ms, clock);
  if (socket === null) return failure(`peer ${domain}: no server answers at ${shown}`, 'start it, or correct the address or a firewall');
  const features = await featuresOf(socket, own, domain);
  socket.destroy();
  if (features === '')
    return failure(`peer ${domain}: the server at ${shown} opens no stream for ${domain}`, 'let that server serve the domain, on its port for servers');
  const offersTls = features.includes('<starttls');
  if (tls === 'required' && !offersTls)
    return failure(`peer ${domain}: the server at ${shown} offers no TLS`, 'give it a certificate, or set tls=optional in a network of your own');
  return ok(`peer ${domain}: the server at ${shown} answers${offersTls ? ', with TLS' : ''}`);
}

/** What the peer says until its features, or the end of an older stream's header; `''`: it refuses. */
async function featuresOf(socket: Socket, from: string, to: string): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').setTimeout(ANSWER_MS, () => socket.destroy());
  socket
    .on('error', () => {})
    .on('data', (chunk: string) => {
      text += chunk;
      if (/<\/stream:features>|<stream:features\/>|<stream:error/.test(text)) socket.destroy();
    });
  socket.write(peerFraming(to).header({ from, id: '', version: '1.0' }));
  await once(socket, 'close');
  return text.includes('<stream:stream') && !text.includes('<stream:error') ? text : '';
}
