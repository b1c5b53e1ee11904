// A brick in a process of its own, which a test kills: told by a message, its service registers with the router of the other brick.
import { startChopChop } from '../../server/index.ts';

const port = process.argv[2];
const peers = ['private.b', 'public.b'].map((domain) => `${domain}=127.0.0.1:${port},auth=dialback,router=yes`);
const jabber = await startChopChop({ domains: ['private.a', 'public.a'], s2s: { port: 0, peers }, keepAlive: true });
process.once('message', async () => {
  const work = async (number: number) => {
    await new Promise((resolve) => {
      // The others are under way forever.
      if (number < 200) setTimeout(resolve, number % 7);
    });
    return 2 * number;
  };
  await jabber.service('bricks.work', { work }, { domains: ['private.b'], workers: 15 });
});
process.send?.(jabber.listening.s2s[0]?.port);
