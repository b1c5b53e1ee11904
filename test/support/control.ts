import type { TestContext } from 'node:test';
import type { ConfigInput } from '../../server/config/config.ts';
import { type Control, startControl } from '../../server/control/control.ts';
import { OsrfService } from '../../server/osrf/service.ts';
import { LiveEvents } from './live-events.ts';
import { startServer, type TestServer } from './server.ts';

/** A running server with its control interface on a free port. */
export interface ControlledServer extends TestServer {
  readonly control: Control;
  readonly url: string;
  /** Calls it with the token. */
  call(path: string, options?: RequestInit): Promise<Response>;
  /** The same for a JSON answer. */
  json(path: string, options?: RequestInit): Promise<Record<string, unknown>>;
}

export const TOKEN = 'token-of-the-tests';

/** Starts both on free ports. */
export async function startControlledServer(t: TestContext, input: ConfigInput = {}, port = 0, idl: string | null = null): Promise<ControlledServer> {
  const started = await startServer(t, input);
  const control = await startControl(started.server, { port, anyPort: false, socket: null }, TOKEN, started.log, undefined, idl);
  t.after(() => control.stop());
  const url = control.url as string;
  const call = (path: string, options: RequestInit = {}) =>
    fetch(url + path, { ...options, headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json', ...options.headers } });
  const json = async (path: string, options?: RequestInit) => (await (await call(path, options)).json()) as Record<string, unknown>;
  return { ...started, control, url, call, json };
}

/** Posts JSON. */
export function posted(body: unknown): RequestInit {
  return { method: 'POST', body: JSON.stringify(body) };
}

/** Live events from now on. */
export async function watchEvents(t: TestContext, { call }: ControlledServer, query = ''): Promise<LiveEvents> {
  return new LiveEvents(t, await call(`/api/v1/events${query}`));
}

export const LOGIN = { domain: 'private.localhost', username: 'opensrf', password: 'password' } as const;

/** A service that adds, and fails. */
export async function startMath(t: TestContext, { address }: Pick<TestServer, 'address'>, workers = 2): Promise<OsrfService> {
  const methods = {
    add: (a: number, b: number) => a + b,
    fail: () => {
      throw new Error('the shelf is empty');
    },
    'opensrf.math.login': (name: string, password: string) => ({ key: `key of ${name}, ${password}` }),
    echo: (value: unknown) => value,
  };
  const service = await OsrfService.start({ ...LOGIN, ...address, service: 'opensrf.math', workers, methods });
  t.after(() => service.stop());
  await service.listener.settled();
  return service;
}
