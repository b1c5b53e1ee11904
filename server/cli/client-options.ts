import { DEFAULT_ENVELOPE } from '../../shared/osrf/write.ts';
import { option } from '../config/setting.ts';
import { connectionOptions, DEFAULT_CONNECTION } from '../config/sources/connection.ts';
import { BOOLEAN } from '../config/values/booleans.ts';
import { CONSOLE_PORT } from '../config/values/control-port.ts';
import { list } from '../config/values/lists.ts';
import { number, seconds } from '../config/values/numbers.ts';
import { DOMAIN, FILE, text } from '../config/values/texts.ts';

const TIMEOUT = seconds(0.001);
const COUNT = number({ least: 1, most: Number.MAX_SAFE_INTEGER, whole: true });

/** The server whose control interface to ask. */
const controlFile = option({
  option: 'control-file',
  type: FILE,
  shownDefault: 'the file of the server at --host and --port if it runs here; else over Jabber',
  describe: 'Ask only over the control interface of the server that wrote this file',
});

const json = option({ option: 'json', type: BOOLEAN, fallback: false, describe: 'Print JSON' });

/** The options of `demo` besides those of a connection. */
export const DEMO_OPTIONS = {
  stay: option({ option: 'stay', type: BOOLEAN, fallback: false, describe: 'Keep the sessions and go on asking until Ctrl-C, with a console' }),
} as const;

/** The options of `doctor` besides those of the server. */
export const DOCTOR_OPTIONS = { json } as const;

/** The options of `drain`. */
export const DRAIN_OPTIONS = { resume: option({ option: 'resume', type: BOOLEAN, fallback: false, describe: 'Resume requests' }) } as const;

/** The options of `exec` besides those of the server. */
export const EXEC_OPTIONS = {
  service: option({
    option: 'service',
    type: list(text('the name of a service'), { commas: false }),
    fallback: [],
    describe: 'Wait for this service before running the command (repeatable)',
  }),
  start: option({
    option: 'start',
    type: list(text('a shell command'), { commas: false }),
    fallback: [],
    describe: 'Run this shell command too: a service under test (repeatable). It gets SIGTERM at the end',
  }),
  timeoutMs: option({ option: 'timeout', type: TIMEOUT, fallback: 60_000, describe: 'Seconds to wait for the services' }),
  configDir: option({
    option: 'config-dir',
    type: text('the name of a folder'),
    shownDefault: 'a temporary folder, removed at the end',
    describe: 'Write opensrf_core.xml, opensrf.xml and srfsh.xml to this folder, and keep them',
  }),
  console: option({
    option: 'console',
    type: CONSOLE_PORT,
    shownDefault: 'off',
    describe: 'Serve the console on this port of 127.0.0.1 while the command runs, and print its address',
  }),
  report: option({
    option: 'report',
    type: FILE,
    describe: 'Write a page of all requests to this file at the end, the failed ones first, and their data beside it as *.ndjson',
  }),
} as const;

/** The options of `cluster print-nats-config` besides its settings. */
export const NATS_CONFIG_OPTIONS = {
  server: option({ option: 'server', type: COUNT, fallback: 1, describe: 'Print the configuration of this one of the servers of --nats' }),
  newKey: option({ option: 'new-key', type: BOOLEAN, fallback: false, describe: 'Write a new nkey to the file of --nats-credentials first' }),
  certificate: option({ option: 'nats-cert', type: FILE, fallback: '/etc/nats/server.crt', describe: 'Name this certificate (PEM) of the server' }),
  key: option({ option: 'nats-key', type: FILE, fallback: '/etc/nats/server.key', describe: 'Name this private key (PEM) of the server' }),
  authorities: option({
    option: 'route-ca',
    type: FILE,
    fallback: '/etc/nats/ca.crt',
    describe: 'Name these authorities (PEM), by which the servers verify each other',
  }),
} as const;

/** The options of `request`. */
export const REQUEST_OPTIONS = {
  timeoutMs: option({
    option: 'timeout',
    type: TIMEOUT,
    fallback: 60_000,
    describe: 'Seconds to wait for the answer; each result or "continue" restarts them',
  }),
  connect: option({ option: 'connect', type: BOOLEAN, fallback: false, describe: 'Use one worker: CONNECT, request, DISCONNECT' }),
  pretty: option({ option: 'pretty', type: BOOLEAN, fallback: false, describe: 'Indent the results instead of one line each' }),
  locale: option({ option: 'locale', type: text('a language, as en-US'), fallback: DEFAULT_ENVELOPE.locale, describe: 'Ask for this language' }),
  ingress: option({
    option: 'ingress',
    type: text('a name'),
    fallback: DEFAULT_ENVELOPE.ingress,
    describe: 'Name this as the source of the request',
  }),
  apiLevel: option({ option: 'api-level', type: COUNT, fallback: DEFAULT_ENVELOPE.apiLevel, describe: 'Call the method of this API level' }),
} as const;

const { config, host, port } = connectionOptions(DEFAULT_CONNECTION);

/** Which running server of this machine is meant. */
const RUNNING = {
  config: { ...config, describe: "Find the server by a site's opensrf_core.xml" },
  host: { ...host, shownDefault: '', describe: 'Find the server on this machine by its address' },
  port: { ...port, shownDefault: '', describe: 'Find it by its port; without address, port and file it is the only one here' },
  controlFile: option({
    option: 'control-file',
    type: FILE,
    shownDefault: 'that of the one that runs here',
    describe: 'Ask the server that has written this control file',
  }),
} as const;

/** The options of `console`. */
export const CONSOLE_OPTIONS = {
  ...RUNNING,
  open: option({ option: 'open', type: BOOLEAN, fallback: false, describe: 'Open it in the browser' }),
} as const;

/** The options of `restart`. */
export const RESTART_OPTIONS = {
  ...RUNNING,
  pidFile: option({ option: 'pid-file', type: FILE, describe: 'Find the server by its pid file' }),
} as const;

/** The options of `monitor`. */
export const MONITOR_OPTIONS = {
  ...RUNNING,
  service: option({ option: 'service', type: text('the name of a service'), describe: 'Show only this service; a * at the end stands for any rest' }),
  method: option({ option: 'method', type: text('the name of a method'), describe: 'Show only this method, likewise' }),
  xid: option({ option: 'xid', type: text('a transaction id'), describe: 'Show only this transaction id' }),
  jid: option({ option: 'jid', type: text('a part of a JID'), describe: 'Show only requests with this text in the JID of their client, listener or worker' }),
  status: option({ option: 'status', type: text('a status'), describe: 'Show only this status code, or "failed", or complete, refused, bounced, abandoned' }),
  failed: option({ option: 'failed', type: BOOLEAN, fallback: false, describe: 'Show only requests that failed, were refused or got lost' }),
  text: option({ option: 'text', type: text('a text'), describe: 'Show only requests with this text in parameters or results' }),
  slowerThan: option({
    option: 'slower-than',
    type: number({ least: 0, most: Number.MAX_SAFE_INTEGER, whole: false, name: 'a number of milliseconds' }),
    describe: 'Show only requests that took more than this many milliseconds',
  }),
  past: option({ option: 'past', type: BOOLEAN, fallback: false, describe: 'Show the remembered requests first' }),
  count: option({ option: 'count', type: COUNT, describe: 'Exit after this many requests (or -n); with --past, show the newest of them' }),
  follow: option({
    option: 'follow',
    type: BOOLEAN,
    fallback: true,
    describe: 'Wait for more requests; --no-follow shows the remembered ones and exits',
  }),
  json: option({ option: 'json', type: BOOLEAN, fallback: false, describe: 'Print each request as a line of JSON' }),
} as const;

/** The options of `report`. */
export const REPORT_OPTIONS = RUNNING;

/** The options of `top`. */
export const TOP_OPTIONS = {
  ...RUNNING,
  sessions: option({ option: 'sessions', type: BOOLEAN, fallback: false, describe: 'Show sessions instead of services' }),
  sort: option({ option: 'sort', type: text('the head of a column'), describe: 'Sort by this column, as req/s: numbers from the largest' }),
  filter: option({ option: 'filter', type: text('a text'), describe: 'Show only rows with this text' }),
  intervalMs: option({ option: 'interval', type: TIMEOUT, fallback: 2_000, describe: 'Look again after so many seconds' }),
  once: option({ option: 'once', type: BOOLEAN, fallback: false, describe: 'Look for one second, print the table, and end' }),
  json: option({ option: 'json', type: BOOLEAN, fallback: false, describe: 'With --once, print services and sessions as JSON' }),
} as const;

/** The options of `why`. */
export const WHY_OPTIONS = {
  ...RUNNING,
  log: option({ option: 'log', type: FILE, describe: "Read this log of a server instead, in JSON or OpenSRF's format: it has the failed requests" }),
  json,
} as const;

/** The options of `services`. */
export const SERVICES_OPTIONS = {
  ...connectionOptions(DEFAULT_CONNECTION),
  domain: option({
    option: 'domain',
    type: list(DOMAIN, { commas: true }),
    group: 'Connection',
    shownDefault: `${DEFAULT_CONNECTION.domain}, all of --config, all known to the control interface`,
    describe: 'Ask the router of this domain (repeatable), and no others; log in at the first',
  }),
  json,
  timeoutMs: option({ option: 'timeout', type: TIMEOUT, fallback: 5_000, describe: 'Seconds to wait for each router' }),
  controlFile,
} as const;

/** The options of `status`. */
export const STATUS_OPTIONS = {
  json,
  timeoutMs: option({ option: 'timeout', type: TIMEOUT, fallback: 5_000, describe: 'Seconds to wait for the login and for each answer' }),
  controlFile,
} as const;

/** The options of `wait`. */
export const WAIT_OPTIONS = {
  service: option({
    option: 'service',
    type: list(text('the name of a service'), { commas: false }),
    fallback: [],
    describe: 'Wait for this service (repeatable; names without --service count too)',
  }),
  timeoutMs: option({ option: 'timeout', type: TIMEOUT, fallback: 60_000, describe: 'Seconds until giving up' }),
  controlFile,
} as const;
