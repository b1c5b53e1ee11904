import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { HAND_OVER_FORMAT } from '../server/process/predecessor.ts';
import { OtherRelease, PLAIN_CUT, type RecordedState, readState, recordState, STRICT_CUT } from './support/hand-over.ts';
import { registration, statusBody } from './support/osrf.ts';
import { Peer } from './support/peer.ts';
import { RawProgram } from './support/raw-service.ts';

const ROUTER = 'router@private.localhost';
const fileOf = (format: number) => new URL(`../../test/fixtures/hand-over/format-${format}.ndjson`, import.meta.url);

/** The format of the release before: today's until it changes. */
const LAST_RELEASE = readState(fileOf(1));

/** The names and types of all fields. */
function shapeOf(value: unknown, path: string, shape: Set<string>): Set<string> {
  if (Array.isArray(value)) for (const one of value) shapeOf(one, `${path}[]`, shape);
  else if (value !== null && typeof value === 'object') for (const [name, field] of Object.entries(value)) shapeOf(field, `${path}.${name}`, shape);
  else shape.add(`${path}: ${value === null ? 'null' : typeof value}`);
  return shape;
}

function shapeOfState({ inheritance, lines }: RecordedState): string[] {
  const shape = shapeOf(inheritance, 'inheritance', new Set());
  for (const line of lines) shapeOf(JSON.parse(line), '', shape);
  return [...shape].sort();
}

test('the state has the format of its number: another field needs another number, and a recorded state for it', async (t) => {
  const state = await recordState(t);
  assert.equal(state.inheritance.format, HAND_OVER_FORMAT);
  const file = fileOf(HAND_OVER_FORMAT);
  if (!existsSync(file)) {
    writeFileSync(file, [JSON.stringify(state.inheritance), ...state.lines, ''].join('\n'));
    assert.fail(`recorded the new format: commit ${file.pathname}`);
  }
  assert.deepEqual(shapeOfState(state), shapeOfState(readState(file)));
});

const threadOf = (stanza: string) => /<thread>([^<]*)/.exec(stanza)?.[1];

/** A peer of the state. */
function program({ peers }: OtherRelease, name: string): Peer {
  return peers.get(name) ?? assert.fail(`no ${name}`);
}

test('the state of the last release goes on here: sessions, cut and unread stanzas, services, requests', async (t) => {
  const given = await OtherRelease.start(t, LAST_RELEASE);
  assert.deepEqual(await given.report(), { ready: LAST_RELEASE.inheritance.format });
  await given.give(LAST_RELEASE.lines);

  program(given, 'plain').send(PLAIN_CUT[1]);
  assert.match(await program(given, 'receiver').message(), /<thread>plain<\/thread><body>ä<\/body>/);
  program(given, 'strict').send(STRICT_CUT[1]);
  assert.match(await program(given, 'receiver').message(), /CDATA\[ä\]\]><\/p:a><thread>strict/);
  assert.equal(threadOf(await program(given, 'slow').message()), 'unread');

  const client = program(given, 'client');
  // Its listener has ended, and its grace period too.
  const lost = await client.message();
  assert.equal(threadOf(lost), 'lost');
  assert.match(lost, /503/);
  const answer = (from: string, thread: string) =>
    program(given, from).send(`<message to='opensrf@private.localhost/client'><thread>${thread}</thread><body>${complete}</body></message>`);
  for (const [from, thread] of Object.entries({ l1: 'first', worker: 'partly' })) {
    answer(from, thread);
    assert.equal(threadOf(await client.message()), thread);
  }
  const later = await RawProgram.login(t, given.address, 'later');
  later.peer.send(registration('register', `${ROUTER}/router`, later.jid, 'later'));
  assert.equal((await later.asked()).thread, 'held');
  program(given, 'operator').send(`<message to='${ROUTER}/router'><opensrf router_class='b' router_command='resume'/><body/></message>`);
  assert.equal(threadOf(await program(given, 'l3').message()), 'drained');

  later.peer.send(registration('register', 'router@public.localhost/router', later.jid, 'elsewhere'));
  assert.match(await program(given, 'router').message(), /router_class="elsewhere"/);
  await goOnWithPresence(t, given);
});

const complete = statusBody('Request Complete', '205').replaceAll('"', '&quot;');

/** The component, and sessions with stream management: one is connected, one waits for its resumption. */
async function goOnWithPresence(t: TestContext, given: OtherRelease): Promise<void> {
  const [component, managed] = [program(given, 'gateway.localhost'), program(given, 'managed')];
  component.send("<message to='opensrf@localhost'><body>to the account</body></message>");
  assert.match(await managed.message(), /to the account/);
  managed.stream.destroy();
  for (const resource of ['managed', 'gone']) {
    const saved = LAST_RELEASE.lines.map((line) => JSON.parse(line).session).find((session) => session?.identity.resource === resource);
    const back = await (await Peer.connect(t, given.address)).authenticate('opensrf', 'localhost');
    back.send(`<resume xmlns='urn:xmpp:sm:3' h='0' previd='${saved.management.id}'/>`);
    await back.expect('<resumed ');
    assert.match(await back.message(), /unacknowledged/);
  }
}

test('a state with a part that this release does not know is refused, and its sockets are untouched', async (t) => {
  const given = await OtherRelease.start(t, LAST_RELEASE);
  await given.report();
  given.send([...LAST_RELEASE.lines, '{"future":{}}']);
  assert.deepEqual(await given.report(), { failure: 'the state has a part that this version does not know: future' });
  given.greetAll();
  for (const peer of given.peers.values()) assert.equal(await peer.expect('<still-here/>'), '<still-here/>');
});

test('a state of a format that this release does not know is not asked for', async (t) => {
  const { inheritance, lines } = LAST_RELEASE;
  const given = await OtherRelease.start(t, { inheritance: { ...inheritance, format: HAND_OVER_FORMAT + 1 }, lines });
  assert.deepEqual(await given.report(), { ready: HAND_OVER_FORMAT });
});
