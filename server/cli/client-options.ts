import { DEFAULT_ENVELOPE } from '../../shared/osrf/write.ts';
import { connectionOptions, DEFAULT_CONNECTION } from '../config/sources/connection.ts';

/** Which server's control interface to ask. */
const CONTROL_FILE_OPTION = {
  type: 'string',
  requiresArg: true,
  describe: 'Ask over the control interface of the server that has written this file, and in no other way',
  defaultDescription: 'that of the server at --host and --port if it runs here; else over Jabber',
} as const;

/** The options of `request`, for yargs. */
export const REQUEST_OPTIONS = {
  timeout: {
    type: 'number',
    requiresArg: true,
    default: 60,
    describe: 'Seconds to wait for the answer; each result, and a "continue" of the service, begins them anew',
  },
  connect: { type: 'boolean', default: false, describe: 'Keep to one worker: CONNECT, request, DISCONNECT' },
  pretty: { type: 'boolean', default: false, describe: 'Indent the results; else each is one line' },
  locale: { type: 'string', requiresArg: true, default: DEFAULT_ENVELOPE.locale, describe: 'The language to ask for' },
  ingress: { type: 'string', requiresArg: true, default: DEFAULT_ENVELOPE.ingress, describe: 'What the services are told of where the request comes from' },
  'api-level': { type: 'number', requiresArg: true, default: DEFAULT_ENVELOPE.apiLevel, describe: "The method's API level" },
} as const;

/** The options of `monitor`, for yargs. */
export const MONITOR_OPTIONS = {
  service: { type: 'string', requiresArg: true, describe: 'Only this service; a * at the end stands for any rest' },
  method: { type: 'string', requiresArg: true, describe: 'Only this method, likewise' },
  xid: { type: 'string', requiresArg: true, describe: 'Only this transaction id' },
  jid: { type: 'string', requiresArg: true, describe: 'Only requests with this text in the JID of their client, listener or worker' },
  status: { type: 'string', requiresArg: true, describe: 'Only this status code, or "failed", or complete, refused, bounced, abandoned' },
  text: { type: 'string', requiresArg: true, describe: 'Only requests with this text in parameters or results' },
  'slower-than': { type: 'number', requiresArg: true, describe: 'Only requests that took longer, in milliseconds' },
  past: { type: 'boolean', default: false, describe: 'First those that the server remembers' },
  count: { type: 'number', requiresArg: true, describe: 'End after so many requests' },
  json: { type: 'boolean', default: false, describe: 'Print each request as a line of JSON' },
  'control-file': {
    type: 'string',
    requiresArg: true,
    describe: 'The control file of the server',
    defaultDescription: 'that of the one that runs here',
  },
} as const;

/** The options of `services`, for yargs. */
export const SERVICES_OPTIONS = {
  ...connectionOptions(DEFAULT_CONNECTION),
  domain: {
    ...connectionOptions(DEFAULT_CONNECTION).domain,
    array: true,
    describe: 'Domain whose router is asked (repeatable); the account is of the first',
  },
  json: { type: 'boolean', default: false, describe: 'Print JSON' },
  timeout: { type: 'number', requiresArg: true, default: 5, describe: 'Seconds to wait for each router' },
  'control-file': CONTROL_FILE_OPTION,
} as const;

/** The options of `status`, for yargs. */
export const STATUS_OPTIONS = {
  json: { type: 'boolean', default: false, describe: 'Print JSON' },
  timeout: { type: 'number', requiresArg: true, default: 5, describe: 'Seconds for the login, and for each answer' },
  'control-file': CONTROL_FILE_OPTION,
} as const;

/** The options of `wait`, for yargs. */
export const WAIT_OPTIONS = {
  service: { type: 'string', array: true, requiresArg: true, describe: 'Service to wait for (repeatable; names without --service count too)' },
  timeout: { type: 'number', requiresArg: true, default: 60, describe: 'Seconds to wait' },
  'control-file': CONTROL_FILE_OPTION,
} as const;
