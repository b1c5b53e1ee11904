import { resolve } from 'node:path';
import type { ConfigInput } from '../config.ts';
import type { TransportArguments } from '../options/transport-options.ts';
import type { TlsConfig, TlsInput, WebSocketConfig } from '../transports.ts';

type TransportsInput = Pick<ConfigInput, 'tls' | 'unix' | 'websocket' | 'plaintextLogin'>;

/** What the command line says of transports. @param site What the file says. @param problems What is wrong is put there. */
export function transportsFrom(args: TransportArguments, site: ConfigInput, problems: string[]): TransportsInput {
  const paths = args.unix?.map((path) => resolve(path)) ?? site.unix?.paths ?? [];
  const websocket = websocketFrom(args, problems);
  return { websocket, tls: tlsFrom(args, problems), unix: { paths, mode: modeFrom(args.unixMode, problems) }, plaintextLogin: args.plaintextLogin };
}

function websocketFrom({ websocketPort, websocketTlsPort, websocketOrigin }: TransportArguments, problems: string[]): WebSocketConfig {
  const none = websocketPort === undefined && websocketTlsPort === undefined;
  if (none && websocketOrigin !== undefined) problems.push('--websocket-origin: there are no WebSockets without --websocket-port or --websocket-tls-port');
  return { ports: listOf(websocketPort), tlsPorts: listOf(websocketTlsPort), origins: websocketOrigin ?? [] };
}

function listOf(port: number | undefined): number[] {
  return port === undefined ? [] : [port];
}

function tlsFrom({ tlsPort, tlsRequired = false, websocketTlsPort, ...args }: TransportArguments, problems: string[]): TlsInput | null {
  const certificate = certificateFrom(args, problems);
  if (certificate !== null) return { certificate, ports: listOf(tlsPort), required: tlsRequired };
  const useless = { '--tls-port': tlsPort !== undefined, '--tls-required': tlsRequired, '--websocket-tls-port': websocketTlsPort !== undefined };
  for (const [option, given] of Object.entries(useless)) if (given) problems.push(`${option}: there is no TLS without --tls-cert or --tls-self-signed`);
  return null;
}

function certificateFrom(
  { tlsCert, tlsKey = tlsCert, tlsSelfSigned }: Pick<TransportArguments, 'tlsCert' | 'tlsKey' | 'tlsSelfSigned'>,
  problems: string[],
): TlsConfig['certificate'] | null {
  if (tlsSelfSigned === true) {
    if (tlsKey !== undefined) problems.push('--tls-self-signed: it needs no --tls-cert and --tls-key');
    return 'self-signed';
  }
  if (tlsCert !== undefined && tlsKey !== undefined) return { certificate: tlsCert, key: tlsKey };
  if (tlsKey !== undefined) problems.push('--tls-key: there is no --tls-cert');
  return null;
}

function modeFrom(mode: string, problems: string[]): number {
  if (/^0?[0-7]{1,3}$/.test(mode)) return Number.parseInt(mode, 8);
  problems.push(`--unix-mode: "${mode}" is not permissions in octal, as 660`);
  return 0;
}
