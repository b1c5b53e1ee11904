import { setting } from './setting.ts';
import { CERTIFICATE, ORIGIN, PLAINTEXT_LOGINS } from './transports.ts';
import { BOOLEAN } from './values/booleans.ts';
import { list } from './values/lists.ts';
import { PORT, PORTS } from './values/numbers.ts';
import { PEERS } from './values/peers.ts';
import { choice, FILE, FILE_MODE, secret, text } from './values/texts.ts';

const TRANSPORTS = 'Transports';
const PEER_SERVERS = 'Peer servers';

/** The parts of `tls.certificate`, each with an option. */
export const CERTIFICATE_SETTINGS = {
  'tls.certificate.certificate': setting({
    option: 'tls-cert',
    type: FILE,
    group: TRANSPORTS,
    reload: true,
    describe: 'Use this certificate (PEM, with its chain) for STARTTLS and --tls-port; SIGHUP reads it again',
  }),
  'tls.certificate.key': setting({
    option: 'tls-key',
    type: FILE,
    group: TRANSPORTS,
    shownDefault: 'in the file of --tls-cert',
    reload: true,
    describe: 'Use this private key (PEM) for it',
  }),
  'tls.selfSigned': setting({
    option: 'tls-self-signed',
    type: BOOLEAN,
    group: TRANSPORTS,
    fallback: false,
    describe: 'Make a certificate at the start, which clients cannot verify, instead of --tls-cert',
  }),
} as const;

/** Transports, and the logins that each accepts. */
export const TRANSPORT_SETTINGS = {
  'tls.certificate': setting({ option: '', type: CERTIFICATE, group: TRANSPORTS, element: '', reload: true, describe: 'The certificate of TLS' }),
  'tls.ports': setting({
    option: 'tls-port',
    type: PORTS,
    group: TRANSPORTS,
    fallback: [],
    describe: 'Speak TLS from the first byte on this port (usual: 5223); 0: any free one',
  }),
  'tls.required': setting({
    option: 'tls-required',
    type: BOOLEAN,
    group: TRANSPORTS,
    fallback: false,
    describe: 'Refuse logins over TCP without TLS. OpenSRF programs cannot speak it',
  }),
  plaintextLogin: setting({
    option: 'plaintext-login',
    type: choice(PLAINTEXT_LOGINS),
    group: TRANSPORTS,
    fallback: 'allow',
    describe:
      'Accept PLAIN and jabber:iq:auth, the only login of OpenSRF programs, without TLS: "allow" everywhere, "loopback" from this machine, "never" only over a Unix domain socket',
  }),
  'unix.paths': setting({
    option: 'unix',
    type: list(text('the path of a socket'), { commas: false }),
    group: TRANSPORTS,
    fallback: [],
    shownDefault: '<unixpath> of a section of --config that has no <port>',
    describe: 'Listen on a Unix domain socket at this path too (repeatable)',
  }),
  'unix.mode': setting({
    option: 'unix-mode',
    type: FILE_MODE,
    group: TRANSPORTS,
    fallback: 0o660,
    shownDefault: '660',
    describe: 'Give the Unix domain sockets these permissions, in octal',
  }),
  'websocket.ports': setting({
    option: 'websocket-port',
    type: PORTS,
    group: TRANSPORTS,
    fallback: [],
    describe: 'Accept WebSockets on this HTTP port, at /xmpp-websocket (usual: 5280); 0: any free one',
  }),
  'websocket.tlsPorts': setting({
    option: 'websocket-tls-port',
    type: PORTS,
    group: TRANSPORTS,
    fallback: [],
    describe: 'Accept WebSockets with TLS from the first byte on this port (usual: 5443)',
  }),
  'websocket.origins': setting({
    option: 'websocket-origin',
    type: list(ORIGIN, { commas: true }),
    group: TRANSPORTS,
    fallback: [],
    shownDefault: 'pages of this machine and of the served domains',
    describe: 'The same as --web-origin (repeatable)',
  }),
  's2s.port': setting({
    option: 's2s-port',
    type: PORT,
    group: PEER_SERVERS,
    describe: 'Accept streams of the peer servers on this port (usual: 5269); 0: any free one',
  }),
  's2s.peers': setting({
    option: 's2s-peer',
    type: PEERS,
    group: PEER_SERVERS,
    fallback: [],
    shownDefault: 'none: this server talks to no other',
    describe:
      'Exchange stanzas with the Jabber server of this domain, as DOMAIN[=ADDRESS[:PORT]][,auth=dialback|external][,tls=off|optional|required][,router=yes][,ca=FILE] (repeatable)',
  }),
  's2s.secret': setting({
    option: 's2s-secret',
    type: secret('a secret'),
    group: PEER_SERVERS,
    fallback: '',
    shownDefault: 'random',
    describe: 'Make dialback keys with this secret. The members of a cluster need the same one',
  }),
} as const;
