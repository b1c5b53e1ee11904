import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Peer } from './support/peer.ts';
import { startServer } from './support/server.ts';

const PING = "<iq to='opensrf@localhost/modern' from='localhost' type='get' id='ping'><ping xmlns='urn:xmpp:ping'/></iq>";
const LIMITS = { pingAfterMs: 20, pingTimeoutMs: 20, deadPeerCheckMs: 5 };

test('a silent client of XMPP 1.0 is pinged and, if it does not answer, disconnected; one of OpenSRF hears nothing', async (t) => {
  const { address, log } = await startServer(t, { limits: LIMITS });
  const versionless = await (await Peer.connect(t, address)).login('opensrf', 'localhost', 'versionless');
  const modern = await (await Peer.connect(t, address)).loginByRfc6120('opensrf', 'localhost', 'modern');
  await modern.expect(PING);
  assert.match(await modern.closed(), /^<stream:error><connection-timeout [^>]*><text [^>]*>no answer to a ping<\/text><\/stream:error><\/stream:stream>$/);
  assert.equal(log.lines.find(({ message }) => message === 'session ended')?.fields['reason'], 'ping-timeout');
  versionless.send("<message to='opensrf@localhost/versionless' id='alive'/>");
  assert.match(await versionless.message(), /id='alive'/);
  assert.ok(!versionless.transcript.includes('urn:xmpp:ping'));
});

test('a silent client that answers stays', async (t) => {
  const { address } = await startServer(t, { limits: { ...LIMITS, pingTimeoutMs: 60_000 } });
  const modern = await (await Peer.connect(t, address)).loginByRfc6120('opensrf', 'localhost', 'modern');
  for (let times = 0; times < 3; times++) {
    await modern.expect(PING);
    modern.send("<iq type='result' to='localhost' id='ping'/>");
  }
});
