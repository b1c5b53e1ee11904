import { DEFAULT_PLAINTEXT_LOGIN, DEFAULT_UNIX, PLAINTEXT_LOGINS, type PlaintextLogin } from '../transports.ts';

const TRANSPORTS = 'Transports:';

/** The options of `serve` for other ways to the server than TCP without encryption, for yargs. */
export const TRANSPORT_OPTIONS = {
  'tls-cert': {
    type: 'string',
    requiresArg: true,
    group: TRANSPORTS,
    describe: 'Certificate (PEM, with its chain) for STARTTLS and --tls-port; read again on SIGHUP',
  },
  'tls-key': { type: 'string', requiresArg: true, group: TRANSPORTS, describe: 'Its private key (PEM)', defaultDescription: 'in the file of --tls-cert' },
  'tls-self-signed': { type: 'boolean', group: TRANSPORTS, describe: 'Make a certificate at the start that nobody vouches for, instead of --tls-cert' },
  'tls-port': { type: 'number', requiresArg: true, group: TRANSPORTS, describe: 'Port that speaks TLS from the first byte (usual: 5223); 0: any free one' },
  'tls-required': { type: 'boolean', group: TRANSPORTS, describe: 'Refuse logins over TCP without TLS. OpenSRF programs know none' },
  'plaintext-login': {
    choices: PLAINTEXT_LOGINS,
    default: DEFAULT_PLAINTEXT_LOGIN,
    group: TRANSPORTS,
    describe:
      'Where PLAIN and jabber:iq:auth, the only login of OpenSRF programs, are taken without TLS: "allow" everywhere, "loopback" from this machine, "never" only over a Unix domain socket',
  },
  unix: {
    type: 'string',
    array: true,
    requiresArg: true,
    group: TRANSPORTS,
    describe: 'Path of a Unix domain socket to listen on too (repeatable)',
    defaultDescription: '<unixpath> of a section of --config that has no <port>',
  },
  'unix-mode': { type: 'string', requiresArg: true, default: DEFAULT_UNIX.mode.toString(8), group: TRANSPORTS, describe: 'Its permissions, in octal' },
  'websocket-port': {
    type: 'number',
    requiresArg: true,
    group: TRANSPORTS,
    describe: 'HTTP port for WebSockets, at /xmpp-websocket (usual: 5280); 0: any free one',
  },
  'websocket-tls-port': { type: 'number', requiresArg: true, group: TRANSPORTS, describe: 'The same with TLS from the first byte (usual: 5443)' },
  'websocket-origin': {
    type: 'string',
    array: true,
    requiresArg: true,
    group: TRANSPORTS,
    describe: 'Origin of web pages that may connect, as https://example.org, or "*" (repeatable)',
    defaultDescription: "this machine's own pages and those of the served domains",
  },
} as const;

/** What yargs makes of {@link TRANSPORT_OPTIONS}. */
export interface TransportArguments {
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly tlsSelfSigned?: boolean | undefined;
  readonly tlsPort?: number | undefined;
  readonly tlsRequired?: boolean | undefined;
  readonly plaintextLogin: PlaintextLogin;
  readonly unix?: string[] | undefined;
  readonly unixMode: string;
  readonly websocketPort?: number | undefined;
  readonly websocketTlsPort?: number | undefined;
  readonly websocketOrigin?: string[] | undefined;
}
