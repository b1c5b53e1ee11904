import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ControlClient } from '../../server/control/control-client.ts';
import { readControlFile } from '../../server/control/control-file.ts';
import { type Capture, CapturePlayer } from './capture.ts';
import { MAIN } from './command.ts';
import { Peer } from './peer.ts';

const DOMAINS = ['private.localhost', 'public.localhost'];

/** Plays a capture with a restart in the middle of every text that a client sends after its login. @returns the number of restarts. @throws Error if it goes on otherwise. */
export async function playWithRestarts(capture: Capture, folder: string): Promise<number> {
  const control = join(folder, 'control.json');
  const domains = DOMAINS.flatMap((domain) => ['--domain', domain]);
  const files = [
    '--control-socket',
    join(folder, 'control'),
    '--control-file',
    control,
    '--ready-file',
    join(folder, 'ready.json'),
    '--log-file',
    join(folder, 'log'),
  ];
  const server = spawn(process.execPath, [MAIN, '--port', '0', '--loss-grace', '0', ...domains, ...files], { stdio: ['ignore', 'ignore', 'inherit'] });
  while (!existsSync(join(folder, 'ready.json'))) await wait(20);
  const [address] = JSON.parse(readFileSync(join(folder, 'ready.json'), 'utf8')).c2s;
  let restarts = 0;
  const player = new CapturePlayer({
    routers: DOMAINS,
    connect: () => Peer.connect({ after: () => {} }, address),
    async send(peer, text) {
      const bytes = Buffer.from(text);
      peer.send(bytes.subarray(0, bytes.length / 2));
      await new ControlClient(readControlFile(control)).order('/api/v1/restart', 9);
      restarts++;
      peer.send(bytes.subarray(bytes.length / 2));
    },
  });
  try {
    await player.play(capture);
    return restarts;
  } finally {
    player.close();
    const ended = once(server, 'exit');
    server.kill('SIGTERM');
    await ended;
  }
}
