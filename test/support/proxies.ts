import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from './command.ts';
import { endWith } from './processes.ts';

/** Debian's programs. If one is missing, its tests skip and say so. */
export const APACHE = process.env['APACHE2'] ?? '/usr/sbin/apache2';
export const NGINX = process.env['NGINX_PROGRAM'] ?? '/usr/sbin/nginx';
export const HAPROXY = process.env['HAPROXY'] ?? '/usr/sbin/haproxy';
export const CADDY = process.env['CADDY'] ?? '/usr/bin/caddy';
const APACHE_MODULES = process.env['APACHE2_MODULES'] ?? '/usr/lib/apache2/modules';

export const hasApache = existsSync(APACHE);
export const hasNginx = existsSync(NGINX);
export const hasHaproxy = existsSync(HAPROXY);
export const hasCaddy = existsSync(CADDY);

/** A proxy in front of a web port. */
export interface Proxy {
  readonly url: string;
}

/** Apache with mod_proxy_wstunnel, as a former websocketd site has it. */
export function startApache(t: TestContext, backend: number): Promise<Proxy> {
  const modules = ['mpm_event', 'authz_core', 'proxy', 'proxy_http', 'proxy_wstunnel'];
  return startProxy(t, APACHE, 'apache.conf', ['-X', '-f'], (folder, port) =>
    [
      `ServerRoot ${folder}`,
      'ServerName localhost',
      `Listen 127.0.0.1:${port}`,
      `PidFile ${folder}/apache.pid`,
      `Mutex file:${folder}`,
      `ErrorLog ${folder}/error.log`,
      ...modules.map((name) => `LoadModule ${name}_module ${APACHE_MODULES}/mod_${name}.so`),
      `ProxyPass /osrf-websocket-translator ws://127.0.0.1:${backend}/osrf-websocket-translator`,
      `ProxyPass / http://127.0.0.1:${backend}/`,
    ].join('\n'),
  );
}

/** nginx with OpenSRF's example configuration. */
export function startNginx(t: TestContext, backend: number): Promise<Proxy> {
  return startProxy(t, NGINX, 'nginx.conf', ['-g', 'daemon off;', '-c'], (folder, port) => {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ');
    const headers = 'proxy_set_header Host $host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;';
    const upgrade = 'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";';
    return `pid ${folder}/nginx.pid; error_log ${folder}/error.log; events {}
http { access_log off; ${temporary} server { listen 127.0.0.1:${port};
  location / { proxy_pass http://127.0.0.1:${backend}; ${headers} }
  location /osrf-websocket-translator { proxy_pass http://127.0.0.1:${backend}; ${upgrade} ${headers} }
} }`;
  });
}

/** haproxy in HTTP mode. */
export function startHaproxy(t: TestContext, backend: number): Promise<Proxy> {
  return startProxy(t, HAPROXY, 'haproxy.cfg', ['-db', '-f'], (_folder, port) =>
    [
      'defaults',
      '  mode http',
      '  option forwardfor',
      '  timeout connect 5s',
      '  timeout client 300s',
      '  timeout server 300s',
      '  timeout tunnel 300s',
      'frontend web',
      `  bind 127.0.0.1:${port}`,
      '  default_backend chopchop',
      'backend chopchop',
      `  server one 127.0.0.1:${backend}`,
      '',
    ].join('\n'),
  );
}

/** Caddy; it believes X-Forwarded-For of loopback addresses, as the browser of a test has one. */
export function startCaddy(t: TestContext, backend: number): Promise<Proxy> {
  return startProxy(t, CADDY, 'Caddyfile', ['run', '--adapter', 'caddyfile', '--config'], (_folder, port) =>
    [
      '{',
      '  admin off',
      '  auto_https off',
      '}',
      `http://:${port} {`,
      '  bind 127.0.0.1',
      `  reverse_proxy 127.0.0.1:${backend} {`,
      '    trusted_proxies 127.0.0.0/8',
      '  }',
      '}',
      '',
    ].join('\n'),
  );
}

async function startProxy(
  t: TestContext,
  program: string,
  file: string,
  args: readonly string[],
  config: (folder: string, port: number) => string,
): Promise<Proxy> {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'logs'));
  const port = await freePort();
  const path = join(folder, file);
  writeFileSync(path, config(folder, port));
  const child = endWith(t, spawn(program, [...args, path], { stdio: 'ignore', env: { ...process.env, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder } }));
  await listening(port, child);
  return { url: `http://127.0.0.1:${port}` };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the proxy ended with exit code ${child.exitCode}`);
    const socket = connect(port, '127.0.0.1');
    const there = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'close').then(() => false)]).catch(() => false);
    socket.destroy();
    if (there) return;
  }
}
