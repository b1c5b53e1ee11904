import type { OptionKinds } from '../kernel/option-kinds.ts';

/** The kinds of a session's settings. */
export const SESSION_KINDS = { locale: 'text', ingress: 'text', apiLevel: 'count', timeoutMs: 'timeout' } as const satisfies OptionKinds;

/** The kinds of a login's options. */
export const CREDENTIAL_KINDS = {
  domain: 'name',
  username: 'name',
  password: 'text',
  resource: 'name',
  loginTimeoutMs: 'timeout',
} as const satisfies OptionKinds;

const LOGIN_KINDS = { host: 'name', port: 'port', ...CREDENTIAL_KINDS, onConnected: 'function' } as const satisfies OptionKinds;

/** The kinds of a client's options. */
export const CLIENT_KINDS = { ...LOGIN_KINDS, ...SESSION_KINDS, routerName: 'name' } as const satisfies OptionKinds;

/** The kinds of the options of a service that logs in over TCP. */
export const SERVICE_KINDS = {
  ...LOGIN_KINDS,
  service: 'name',
  methods: 'object',
  workers: 'count',
  maxWorkers: 'count',
  maxBacklog: 'count',
  maxBacklogBytes: 'count',
  maxRequestBytes: 'count',
  keepaliveMs: 'milliseconds',
  implementation: 'name',
  routers: 'texts',
  turns: 'object',
  answerer: 'function',
  onEvent: 'function',
  onFailure: 'function',
} as const satisfies OptionKinds;
