import { connect } from 'node:net';
import { ChopChop } from '../../../server/compose/chopchop.ts';
import { createConfig } from '../../../server/config/config.ts';
import { type Control, startControl } from '../../../server/control/control.ts';
import { eventually } from '../patience.ts';
import { recordingLog } from '../server.ts';
import type { FuzzCase, FuzzTarget } from './fuzz.ts';
import { mutated, pieces, withTokens } from './mutation.ts';
import type { Random } from './random.ts';

const TOKEN = 'token-of-the-fuzz';

const PATHS = [
  '/healthz',
  '/readyz?service=opensrf.math',
  '/metrics',
  '/',
  '/api/v1/server',
  '/api/v1/sessions',
  '/api/v1/routers',
  '/api/v1/requests',
  '/api/v1/health',
  '/api/v1/nothing',
];
const TOKENS = [
  '..',
  '%2e%2e%2f',
  '%',
  '%00',
  '//',
  '/*',
  '?',
  '#',
  'HTTP/1.1',
  'HTTP/9',
  'Host: evil',
  'Content-Length: 99999999999',
  'Content-Length: -1',
  'Transfer-Encoding: chunked',
  '\r\n\r\n',
  '\r\n',
  'Origin: null',
  '{"a":',
  '[[[[',
];

function call(method: string, path: string, headers: string, body = ''): Buffer {
  const length = body === '' ? '' : `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n${headers}${length}Connection: close\r\n\r\n${body}`);
}

/** The control interface: no call causes an internal error, and none without the token gets data. */
export class ControlTarget implements FuzzTarget {
  readonly name = 'control';
  readonly batch = 20;
  private readonly log = recordingLog();
  private readonly server = new ChopChop(createConfig({ domains: ['localhost'], port: 0 }), this.log);
  private control: Control | null = null;
  private port = 0;
  private readonly tokens = withTokens(TOKENS.map((token) => Buffer.from(token)));
  private readonly seeds = PATHS.flatMap((path) => [
    call('GET', path, ''),
    call('GET', path, `Authorization: Bearer ${TOKEN}\r\n`),
    call('POST', path, `Authorization: Bearer ${TOKEN}\r\n`, '{"domain":"localhost","service":"opensrf.math","draining":true}'),
    call('DELETE', `${path}/x`, `Authorization: Bearer ${TOKEN}\r\n`),
  ]);

  make(random: Random): Buffer {
    return mutated(this.seeds, random, this.tokens);
  }

  async play(cases: readonly FuzzCase[]): Promise<string> {
    if (this.control === null) await this.begin();
    const answers = await Promise.all(cases.map(({ bytes, random }) => this.ask(bytes, random)));
    for (const [index, answer] of answers.entries()) {
      const known = cases[index]?.bytes.includes(TOKEN) === true;
      if (answer === null) return `case ${index}: the connection stayed open`;
      if (!known && /^HTTP\/1\.1 200/.test(answer) && answer.includes('"sessions"')) return `case ${index}: data without the token: ${answer}`;
      if (/^HTTP\/1\.1 5/.test(answer) && !answer.startsWith('HTTP/1.1 503')) return `case ${index}: ${answer.slice(0, 500)}`;
    }
    const errors = this.log.lines.splice(0).filter(({ level }) => level === 'error');
    return errors.map(({ message, fields }) => `${message}: ${String((fields['err'] as Error | undefined)?.stack)}`).join('; ');
  }

  async close(): Promise<void> {
    await this.control?.stop();
    await this.server.stop();
  }

  private async begin(): Promise<void> {
    await this.server.start();
    this.control = await startControl(this.server, { port: 0, anyPort: false, socket: null }, TOKEN, this.log);
    this.port = Number(new URL(this.control.url as string).port);
  }

  /** @returns null if the connection stays open. */
  private async ask(bytes: Buffer, random: Random): Promise<string | null> {
    const socket = connect(this.port, '127.0.0.1').setEncoding('latin1');
    let answer = '';
    socket.on('error', () => {}).on('data', (text) => (answer += text));
    // Insert the port wherever mutations left the placeholder.
    const text = Buffer.from(bytes.toString('latin1').replaceAll('PORT', String(this.port)), 'latin1');
    for (const piece of pieces(text, random)) socket.write(piece);
    socket.end();
    const closed = eventually(() => socket.closed, 'the end of the connection');
    return await closed.then(
      () => answer,
      () => {
        socket.destroy();
        return null;
      },
    );
  }
}
