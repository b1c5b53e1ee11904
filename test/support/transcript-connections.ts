import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { WebSocket } from 'ws';
import type { ChopChop } from '../../server/compose/chopchop.ts';
import type { ConfigInput } from '../../server/config/config.ts';
import type { CertificateFiles } from '../../server/config/transports.ts';
import { memoryPair } from '../../server/net/memory-pair.ts';
import type { BoundAddress } from '../../server/net/tcp.ts';
import { writeCertificate } from './certificate.ts';
import { BYTES, type Dialect, FRAMES, TLS, WEBSOCKET } from './transcript-dialect.ts';
import type { ConnectKind, Transcript, Transport } from './transcript-reader.ts';
import { WebSocketStream } from './websocket-stream.ts';

/** One client's connection to the server. */
export interface TranscriptConnection {
  readonly stream: Duplex;
  readonly dialect: Dialect;
}

/** The server's configuration for one kind of connection. */
export async function configFor(transport: Transport): Promise<ConfigInput> {
  switch (transport) {
    case 'memory':
    case 'tcp':
      return {};
    case 'tls':
      return { tls: { certificate: await certificate(), ports: [0] } };
    case 'websocket':
      return { websocket: { ports: [0] } };
  }
}

let certificateMade: Promise<CertificateFiles> | null = null;

/** One for all transcripts: making it takes longer than playing one. */
function certificate(): Promise<CertificateFiles> {
  certificateMade ??= makeCertificate();
  return certificateMade;
}

function makeCertificate(): Promise<CertificateFiles> {
  const folder = mkdtempSync(join(tmpdir(), 'chopchop-'));
  process.on('exit', () => rmSync(folder, { recursive: true }));
  return writeCertificate(folder, 'transcripts');
}

/** Connects a client of a transcript. Components use TCP only. */
export function openConnection(server: ChopChop, transport: Transport, kind: ConnectKind, { transports }: Transcript): Promise<TranscriptConnection> {
  const { c2s, tls, websocket, components } = server.listening;
  if (transport === 'memory') return inMemory(server, kind);
  if (kind === 'connect-component') return overTcp(components[0] as BoundAddress);
  switch (transport) {
    case 'tcp':
      return overTcp(c2s[0] as BoundAddress);
    case 'tls':
      return overTls(tls[0] as BoundAddress);
    case 'websocket':
      return overWebSocket(websocket[0]?.url ?? '', transports.length === 1 ? FRAMES : WEBSOCKET);
  }
}

/** Continues over TLS on a socket. */
export async function encrypt(socket: Duplex): Promise<TranscriptConnection> {
  const stream = connectTls({ socket: socket as Socket, rejectUnauthorized: false, ALPNProtocols: ['xmpp-client'] });
  await once(stream, 'secureConnect');
  return { stream, dialect: TLS };
}

async function inMemory(server: ChopChop, kind: ConnectKind): Promise<TranscriptConnection> {
  const [ours, theirs] = memoryPair();
  if (kind === 'connect') server.serve(theirs, 'memory');
  else server.serveComponent(theirs, 'memory');
  return { stream: ours, dialect: BYTES };
}

async function overTcp({ host, port }: BoundAddress): Promise<TranscriptConnection> {
  const stream = connectTcp({ host, port, noDelay: true, allowHalfOpen: true });
  await once(stream, 'connect');
  return { stream, dialect: BYTES };
}

async function overTls(address: BoundAddress): Promise<TranscriptConnection> {
  return encrypt((await overTcp(address)).stream);
}

async function overWebSocket(url: string, dialect: Dialect): Promise<TranscriptConnection> {
  const webSocket = new WebSocket(url, ['xmpp']);
  await once(webSocket, 'open');
  return { stream: new WebSocketStream(webSocket), dialect };
}
