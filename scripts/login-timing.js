#!/usr/bin/env node
// Tests whether the time of a refused login reveals that a user exists: sends the same wrong password for an existing user and for unknown names, alternately, by each login method.
//
//   npm run build && node scripts/login-timing.js [--tries 2000]
//
// Prints medians in microseconds and their ratio, for the answer to the last message. The last column shows the influence of chance on such a median: the same user against
// himself. The work is compared exactly by test/unit/login-work.test.ts.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { scramFinal } from '../dist/test/support/scram-client.js';
import { startServer } from './load/server.js';

const { values: options } = parseArgs({ options: { tries: { type: 'string', default: '2000' } } });
const TRIES = Number(options.tries);
const WRONG = 'wrong password';
const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';
const base64 = (text) => Buffer.from(text).toString('base64');
const header = (version) => `<stream:stream to='localhost'${version} xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`;
const iqAuth = (username, secret) =>
  `<iq id='1' type='set'><query xmlns='jabber:iq:auth'><username>${username}</username>${secret}<resource>r</resource></query></iq>`;

/** Sends, and waits for the end of the expected answer. */
async function ask(socket, text, end) {
  let answer = '';
  socket.write(text);
  while (!answer.includes(end)) answer += (await once(socket, 'data'))[0];
  return answer;
}

async function timed(action) {
  const start = process.hrtime.bigint();
  await action();
  return Number(process.hrtime.bigint() - start) / 1_000;
}

function scram(mechanism, hash) {
  return async (socket, username) => {
    await ask(socket, header(" version='1.0'"), '</stream:features>');
    const first = `n,,n=${username},r=nonce`;
    const challenge = await ask(socket, `<auth xmlns='${SASL}' mechanism='${mechanism}'>${base64(first)}</auth>`, '</challenge>');
    const { message } = scramFinal(first, Buffer.from(/>([^<]*)</.exec(challenge)[1], 'base64').toString(), hash, WRONG);
    return () => ask(socket, `<response xmlns='${SASL}'>${base64(message)}</response>`, '</failure>');
  };
}

const WAYS = {
  'jabber:iq:auth, password': async (socket, username) => {
    await ask(socket, header(''), '>');
    return () => ask(socket, iqAuth(username, `<password>${WRONG}</password>`), '</iq>');
  },
  'jabber:iq:auth, digest': async (socket, username) => {
    const [, id] = /id='([^']+)'/.exec(await ask(socket, header(''), "streams'>"));
    const digest = createHash('sha1').update(`${id}${WRONG}`).digest('hex');
    return () => ask(socket, iqAuth(username, `<digest>${digest}</digest>`), '</iq>');
  },
  PLAIN: async (socket, username) => {
    await ask(socket, header(" version='1.0'"), '</stream:features>');
    return () => ask(socket, `<auth xmlns='${SASL}' mechanism='PLAIN'>${base64(`\0${username}\0${WRONG}`)}</auth>`, '</failure>');
  },
  'SCRAM-SHA-1': scram('SCRAM-SHA-1', 'sha1'),
  'SCRAM-SHA-256': scram('SCRAM-SHA-256', 'sha256'),
};

const server = await startServer('--domain', 'localhost', '--limit', 'failedLogins=1000000000');

async function tryOnce(way, username) {
  const socket = connect({ port: server.port, host: '127.0.0.1', noDelay: true }).setEncoding('utf8');
  await once(socket, 'connect');
  const last = await way(socket, username);
  const time = await timed(last);
  socket.destroy();
  return time;
}

const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];

console.log(`${''.padEnd(26)}  known us  unknown us  ratio  known / known`);
for (const [name, way] of Object.entries(WAYS)) {
  const [known, unknown, again] = [[], [], []];
  for (let index = 0; index < TRIES; index++) {
    known.push(await tryOnce(way, 'opensrf'));
    unknown.push(await tryOnce(way, `nobody${index}`));
    again.push(await tryOnce(way, 'opensrf'));
  }
  const [ofKnown, ofUnknown, ofAgain] = [known, unknown, again].map(median);
  const cells = [ofKnown.toFixed(0), ofUnknown.toFixed(0), (ofUnknown / ofKnown).toFixed(3), (ofAgain / ofKnown).toFixed(3)];
  console.log(name.padEnd(26), ...cells.map((cell) => cell.padStart(9)));
}
await server.stop();
