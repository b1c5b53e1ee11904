import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { addressOf } from '../server/net/tcp.ts';
import { JabberClient } from '../server/osrf/jabber-client.ts';
import { LoginError } from '../server/osrf/login.ts';

test('a login at a server that says nothing fails when its time is up', async (t) => {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => silent.close());
  const login = { ...addressOf(silent), domain: 'localhost', username: 'opensrf', password: 'password', resource: 'a', loginTimeoutMs: 250 };
  await assert.rejects(JabberClient.login(login), (error) => error instanceof LoginError && /nothing came within 0\.25 s/.test(error.message));
});
