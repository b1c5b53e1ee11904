import { checkArgument, checkOptions, isObject, type OptionKinds } from '../kernel/option-kinds.ts';

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

const ACCOUNT = ['host', 'port', 'domain', 'username', 'password'];

/** The options that a client needs. */
export const CLIENT_NEEDS = [...ACCOUNT, 'resource'];

/** The options that a service needs. */
export const SERVICE_NEEDS = [...ACCOUNT, 'service', 'methods', 'workers'];

/** The kinds of a method's limits. */
export const METHOD_LIMIT_KINDS = { maxBundleSize: 'count', maxBundleCount: 'count', maxChunkSize: 'count' } as const satisfies OptionKinds;

const METHOD_KINDS = { handle: 'function', argc: 'count', stream: 'boolean', notes: 'text', ...METHOD_LIMIT_KINDS } as const satisfies OptionKinds;

/** Checks the methods of a service. @throws TypeError */
export function checkMethods(what: string, methods: unknown): void {
  checkArgument(`${what}: the methods`, methods, 'object');
  for (const [name, method] of Object.entries(methods as object)) {
    if (typeof method === 'function') continue;
    const definition = `${what}: the method "${name}"`;
    if (!isObject(method)) throw new TypeError(`${definition} must be a function, or an object with a function "handle"`);
    checkOptions(definition, method, METHOD_KINDS, ['handle']);
  }
}

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
