import { test } from 'node:test';
import { CapturePlayer, OTHERWISE, placeIn, readCaptures } from './support/capture.ts';
import { startServer } from './support/server.ts';

for (const capture of readCaptures()) {
  const { name, scenario } = capture;
  test(`a message of OpenSRF 3 is delivered as it was recorded: ${name}: ${scenario}`, { skip: OTHERWISE[name] ?? false }, async (t) => {
    const { server } = await startServer(t, { domains: ['private.localhost', 'public.localhost'], router: { lossGraceMs: 0 } });
    const player = new CapturePlayer(placeIn(server));
    t.after(() => player.close());
    await player.play(capture);
  });
}
