import { once } from 'node:events';
import { connect } from 'node:net';
import type { TestContext } from 'node:test';
import { ChopChopFixture } from '../../server/fixture/fixture.ts';
import type { FixtureOptions } from '../../server/fixture/options.ts';
import { ServiceStatus } from '../../server/osrf/service-status.ts';
import { PATIENT_LIMITS } from './server.ts';

/** The service for tests of the web doors. */
export const MATH = 'opensrf.math';

/** A server with a web port and a service, for one test. */
export async function startWeb(t: TestContext, options: FixtureOptions = {}): Promise<ChopChopFixture> {
  const jabber = await ChopChopFixture.start({ web: true, ...options, limits: { ...PATIENT_LIMITS, ...options.limits } });
  t.after(() => jabber.stop());
  await jabber.service(MATH, {
    add: (a: number, b: number) => a + b,
    echo: function* (...params: unknown[]) {
      yield* params;
    },
    split: function* (text: string) {
      yield* text.split(' ');
    },
    nothing: () => undefined,
    fail: () => {
      throw new ServiceStatus(503, 'no "more"\n of it');
    },
    failLate: function* () {
      yield 1;
      throw new ServiceStatus(500, 'late');
    },
  });
  return jabber;
}

/** The address of the web port, with a path. */
export function webUrl({ listening }: ChopChopFixture, path = '/'): string {
  return `http://127.0.0.1:${listening.web[0]?.port}${path}`;
}

/** Sends bytes to the web port. @returns the server's output until it closes. */
export async function rawHttp({ listening }: ChopChopFixture, text: string): Promise<string> {
  const socket = connect(listening.web[0]?.port ?? 0, '127.0.0.1').on('error', () => {});
  socket.write(text);
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk) => (answer += chunk));
  await once(socket, 'close');
  return answer;
}
