import { readdirSync, readFileSync } from 'node:fs';
import type { ConfigInput } from '../../server/config/config.ts';
import { header } from './peer.ts';

/**
 * Bytes to send; or instead a proof of the client's password: the digest with its stream id, or the last message of SCRAM; or
 * the id of another client's session, to resume it.
 */
export type PayloadPart = Buffer | Proof | { readonly resumptionOf: string };

/** The proof of a password. */
export interface Proof {
  readonly proof: 'digest' | 'sha1' | 'sha256';
  readonly password: string;
}

/** The port: for clients or for components. */
export type ConnectKind = 'connect' | 'connect-component';

/** One line of a transcript. */
export type Step = { readonly client: string; readonly line: number } /** `features`: everything until the stream features. */ & (
  | { readonly kind: ConnectKind | 'tls' | 'close' | 'closed' | 'features' }
  /** `writeBytes` 0: in one write. A preparatory step is not cut. */
  | { readonly kind: 'send'; readonly payload: readonly PayloadPart[]; readonly writeBytes: number; readonly cut: boolean }
  /** Literal text; generated values are in between. */
  | { readonly kind: 'receive'; readonly literals: readonly string[]; readonly inOneRead: boolean }
);

/** The kind of connection. */
export type Transport = 'memory' | 'tcp' | 'tls' | 'websocket';

/** A conversation between some clients and the server. */
export interface Transcript {
  /** The rule that it proves. */
  readonly rule: string;
  readonly file: string;
  readonly config: ConfigInput;
  /** The transports on which it can be played. */
  readonly transports: readonly Transport[];
  readonly steps: readonly Step[];
}

const ALL_TRANSPORTS: readonly Transport[] = ['memory', 'tcp', 'tls', 'websocket'];
const TRANSPORTS_BY_NAME: Readonly<Record<string, readonly Transport[]>> = {
  bytes: ['memory', 'tcp', 'tls'],
  plain: ['memory', 'tcp', 'websocket'],
  tcp: ['tcp'],
  websocket: ['websocket'],
};

const DIRECTIVE = /\{(repeat|hex|base64|digest|scram-sha1|scram-sha256|resumption) ([^{}]+)\}/;
const STEP = /^([a-z]\w*)(?:([<>])(\d*)(?: (.*))?| (connect|component|tls|login|authenticate|features|sync|close|closed)(?: (\S+))?)$/;

// This file runs from dist/test/support/; the transcripts are beside the sources.
const FOLDER = new URL('../../../test/transcripts/', import.meta.url);

/** All transcripts, in order of their files. The format is explained in `test/transcripts/README.md`. */
export function readTranscripts(): Transcript[] {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));
  return files.sort().flatMap((file) => parseTranscripts(file, readFileSync(new URL(file, FOLDER), 'utf8')));
}

/** @param file Its name, for messages. */
export function parseTranscripts(file: string, text: string): Transcript[] {
  const transcripts: (Transcript & { config: ConfigInput; transports: readonly Transport[]; steps: Step[] })[] = [];
  for (const { line, content } of logicalLines(text)) {
    const current = transcripts.at(-1);
    if (content.startsWith('== ')) transcripts.push({ rule: content.slice(3), file, config: {}, transports: ALL_TRANSPORTS, steps: [] });
    else if (current === undefined) throw new Error(`${file}:${line}: a transcript begins with "== RULE"`);
    else if (content.startsWith('config ')) current.config = JSON.parse(content.slice('config '.length), asMap);
    else if (content.startsWith('only ')) current.transports = TRANSPORTS_BY_NAME[content.slice('only '.length)] ?? [];
    else current.steps.push(...parseSteps(`${file}:${line}`, line, content));
  }
  return transcripts;
}

const MAPS = new Set(['trustedServers', 'trustedClients', 'secrets']);

/** A configuration's maps. */
function asMap(key: string, value: unknown): unknown {
  return MAPS.has(key) ? new Map(Object.entries(value as object)) : value;
}

/** Without comments and blank lines; a line that begins with white space continues the one before. */
function logicalLines(text: string): { line: number; content: string }[] {
  const lines: { line: number; content: string }[] = [];
  for (const [index, content] of text.split('\n').entries()) {
    const last = lines.at(-1);
    if (content.trim() === '' || content.startsWith('#')) continue;
    if (/^\s/.test(content) && last !== undefined) last.content += content.trimStart();
    else lines.push({ line: index + 1, content });
  }
  return lines;
}

function parseSteps(place: string, line: number, content: string): Step[] {
  const match = STEP.exec(content);
  if (match === null) throw new Error(`${place}: not understood: ${content}`);
  const [, client, arrow, number, text = '', word, argument = ''] = match as unknown as [string, string, string, string, string?, string?, string?];
  if (arrow === '>') return [{ client, line, kind: 'send', payload: payloadOf(text), writeBytes: Number(number), cut: true }];
  if (arrow === '<') return [{ client, line, kind: 'receive', literals: literalsOf(text), inOneRead: number === '1' }];
  switch (word) {
    case 'login':
      return loginSteps(place, client, line, argument);
    case 'sync':
      return exchange(client, line, "<iq type='get' id='sync'><ping xmlns='urn:xmpp:ping'/></iq>", "<iq to='*' from='*' type='result' id='sync'/>");
    case 'authenticate':
      return authenticationSteps(place, client, line, argument);
    case 'component':
      return componentSteps(client, line, argument);
    default:
      return [{ client, line, kind: word as 'connect' | 'tls' | 'close' | 'closed' | 'features' }];
  }
}

/** OpenSRF's C library's login, for transcripts about something else. */
function loginSteps(place: string, client: string, line: number, jid: string): Step[] {
  const [, username, domain, resource] = /^([^@]+)@([^/]+)\/(.+)$/.exec(jid) ?? [];
  if (domain === undefined) throw new Error(`${place}: login needs a full JID`);
  const query = `<username>${username}</username><digest>{digest password}</digest><resource>${resource}</resource>`;
  return [
    { client, line, kind: 'connect' },
    ...exchange(client, line, header(domain), `<?xml version='1.0'?><stream:stream id='*' from='${domain}' xmlns='*' xmlns:stream='*'>`),
    ...exchange(client, line, `<iq id='123456789' type='set'><query xmlns='jabber:iq:auth'>${query}</query></iq>`, "<iq type='result' id='123456789'/>"),
  ];
}

/** RFC 6120's login up to the features after it; with a full JID, binds its resource. */
function authenticationSteps(place: string, client: string, line: number, jid: string): Step[] {
  const [, username, domain, resource = ''] = /^([^@]+)@([^/]+)(?:\/(.+))?$/.exec(jid) ?? [];
  if (domain === undefined) throw new Error(`${place}: authenticate needs a JID`);
  const start = header(domain, " version='1.0'");
  const credentials = Buffer.from(`\0${username}\0password`).toString('base64');
  const auth = `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${credentials}</auth>`;
  const bind = (content: string) => `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>${content}</bind></iq>`;
  return [
    { client, line, kind: 'connect' },
    sending(client, line, start),
    { client, line, kind: 'features' },
    ...exchange(client, line, auth, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"),
    sending(client, line, start),
    { client, line, kind: 'features' },
    ...(resource === ''
      ? []
      : exchange(client, line, `<iq id='b' type='set'>${bind(`<resource>${resource}</resource>`)}`, `<iq type='result' id='b'>${bind(`<jid>${jid}</jid>`)}`)),
  ];
}

/** Connects to the port for components; with a domain, makes the handshake, with the secret "secret". */
function componentSteps(client: string, line: number, domain: string): Step[] {
  const connect: Step = { client, line, kind: 'connect-component' };
  if (domain === '') return [connect];
  const start = `<stream:stream to='${domain}' xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'>`;
  return [
    connect,
    ...exchange(client, line, start, `<?xml version='1.0'?><stream:stream id='*' from='${domain}' xmlns='jabber:component:accept' xmlns:stream='*'>`),
    ...exchange(client, line, '<handshake>{digest secret}</handshake>', '<handshake/>'),
  ];
}

function exchange(client: string, line: number, sent: string, received: string): Step[] {
  return [sending(client, line, sent), { client, line, kind: 'receive', literals: literalsOf(received), inOneRead: false }];
}

function sending(client: string, line: number, text: string): Step {
  return { client, line, kind: 'send', payload: payloadOf(text), writeBytes: 0, cut: false };
}

function payloadOf(text: string): PayloadPart[] {
  const match = DIRECTIVE.exec(text);
  if (match === null) return text === '' ? [] : [Buffer.from(text)];
  const [whole, name, argument] = match as unknown as [string, string, string];
  const before = text.slice(0, match.index);
  return [...payloadOf(before), partOf(name, argument), ...payloadOf(text.slice(before.length + whole.length))];
}

function partOf(directive: string, argument: string): PayloadPart {
  switch (directive) {
    case 'resumption':
      return { resumptionOf: argument };
    case 'digest':
      return { proof: 'digest', password: argument };
    case 'scram-sha1':
      return { proof: 'sha1', password: argument };
    case 'scram-sha256':
      return { proof: 'sha256', password: argument };
    case 'hex':
      return Buffer.from(argument.replaceAll(' ', ''), 'hex');
    case 'base64':
      return Buffer.from(Buffer.from(argument).toString('base64'));
    default: {
      const space = argument.lastIndexOf(' ');
      return Buffer.from(argument.slice(0, space).repeat(Number(argument.slice(space + 1))));
    }
  }
}

function literalsOf(text: string): string[] {
  // A directive's star is literal, so cut the text at stars before replacing directives.
  return text.split('*').map((literal) => Buffer.concat(payloadOf(literal) as Buffer[]).toString());
}
