import { test } from 'node:test';
import { CapturePlayer, readCaptures } from './support/capture.ts';
import { startServer } from './support/server.ts';

/** Captures that cannot be played, or of things that this server does otherwise. */
const OTHERWISE: Readonly<Record<string, string>> = {
  '30-login-wrong-password-c-chopchop': 'the recorded server took a wrong digest',
  '33-two-listeners-round-robin': 'the recorded router began with the other one of two listeners',
  '43-backlog-full-503': 'a part of the requests was not recorded',
  '81-raw-trust-experiments': 'the recorded server let a client speak for a router',
};

for (const capture of readCaptures()) {
  const { name, scenario } = capture;
  test(`a message of OpenSRF 3 is delivered as it was recorded: ${name}: ${scenario}`, { skip: OTHERWISE[name] ?? false }, async (t) => {
    const { server } = await startServer(t, { domains: ['private.localhost', 'public.localhost'], router: { lossGraceMs: 0 } });
    const player = new CapturePlayer(server);
    t.after(() => player.close());
    await player.play(capture);
  });
}
