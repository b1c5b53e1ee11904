import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verified } from '../../server/federation/dialback/authoritative.ts';
import {
  answerXml,
  type DialbackElement,
  type DialbackOutcome,
  type DialbackProblem,
  type DomainPair,
  readDialback,
} from '../../server/federation/dialback/element.ts';
import { InitiatingPairs } from '../../server/federation/dialback/initiating.ts';
import { DialbackKeys } from '../../server/federation/dialback/keys.ts';
import { ReceivingPairs, type ReceivingSide } from '../../server/federation/dialback/receiving.ts';
import { newStreamId } from '../../server/net/framing.ts';
import { StreamError } from '../../shared/errors.ts';
import { NS } from '../../shared/namespaces.ts';
import { StreamReader } from '../../shared/reader/stream-reader.ts';
import { Reading, WIDE_LIMITS } from '../support/reading.ts';
import { recordedStreams } from '../support/s2s-capture.ts';

const OURS = 'private.b';
const THEIRS = 'private.a';
const OUT: DomainPair = { sender: OURS, target: THEIRS };
const IN: DomainPair = { sender: THEIRS, target: OURS };

/** An element between two servers, as read from a stream. */
function element(xml: string): DialbackElement {
  const reading = new Reading('elements');
  const reader = new StreamReader(reading, WIDE_LIMITS);
  reader.write(`<stream:stream xmlns='jabber:server' xmlns:db='${NS.dialback}' xmlns:stream='${NS.streams}'>${xml}`);
  return readDialback(reading.elements[0] as Parameters<typeof readDialback>[0]);
}

class Receiver implements ReceivingSide {
  readonly events: string[] = [];
  readonly pairs = new ReceivingPairs(this);
  readonly questions: ((outcome: DialbackOutcome) => void)[] = [];
  problem: DialbackProblem | null = null;
  good = '';

  refusal(): DialbackProblem | null {
    return this.problem;
  }

  certified(domain: string): boolean {
    return domain === this.good;
  }

  verify(_pair: DomainPair, _key: string, decided: (outcome: DialbackOutcome) => void): void {
    this.questions.push(decided);
  }

  write(xml: string): void {
    this.events.push(xml);
  }

  opened({ sender, target }: DomainPair): void {
    this.events.push(`opened ${sender} ${target}`);
  }

  forged(): void {
    this.events.push('forged');
  }

  refused(_pair: DomainPair, problem: DialbackProblem): void {
    this.events.push(`refused ${problem}`);
  }

  read(xml: string): boolean {
    return this.pairs.read(element(xml));
  }
}

class Initiator {
  readonly written: string[] = [];
  readonly events: string[] = [];
  readonly pairs: InitiatingPairs;

  constructor(streamId = 'stream-1') {
    this.pairs = new InitiatingPairs(streamId, {
      keys: new DialbackKeys('s3cr3tf0rd14lb4ck'),
      write: (xml) => void this.written.push(xml),
      opened: ({ sender, target }) => void this.events.push(`opened ${sender} ${target}`),
      failed: (_pair, outcome) => void this.events.push(outcome),
    });
  }

  read(xml: string): boolean {
    return this.pairs.read(element(xml));
  }
}

test('keys are those of XEP-0185', () => {
  const vectors = [
    ['s3cr3tf0rd14lb4ck', 'xmpp.example.com', 'example.org', 'D60000229F', '37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643'],
    ['s3cr3tf0rd14lb4ck', 'montague.example', 'capulet.example', 'D60000229F', 'b4835385f37fe2895af6c196b59097b16862406db80559900d96bf6fa7d23df3'],
    ['d14lb4ck43v3r', 'capulet.example', 'montague.example', '417GAF25', '225cc5aa6a071133249d25fef42ae516fc7a86c523aa1c6980a7f73e784c972d'],
  ] as const;
  for (const [secret, target, sender, id, key] of vectors) {
    const keys = new DialbackKeys(secret);
    assert.equal(keys.of({ sender, target }, id), key);
    assert.equal(keys.match({ sender, target }, id, key), true);
    assert.equal(keys.match({ sender, target }, `${id}0`, key), false);
    assert.equal(keys.match({ sender, target }, id, key.slice(1)), false);
  }
});

test('the parts of a key do not shift into each other, and each server has its own secret', () => {
  const keys = new DialbackKeys('secret');
  assert.notEqual(keys.of({ sender: 'c', target: 'ab' }, '1'), keys.of({ sender: 'bc', target: 'a' }, '1'));
  assert.notEqual(keys.of({ sender: 'c', target: 'ab' }, '1'), keys.of({ sender: 'ab', target: 'c' }, '1'));
  assert.notEqual(new DialbackKeys().of(IN, '1'), new DialbackKeys().of(IN, '1'));
});

test('ten thousand ids of streams are distinct, with 128 random bits each', () => {
  const ids = new Set(Array.from({ length: 10_000 }, () => newStreamId()));
  assert.equal(ids.size, 10_000);
  for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);
});

test('an element without two domains, of another name or with too long a key ends the stream', () => {
  for (const [xml, condition] of [
    ["<db:result from='a b' to='c'>k</db:result>", 'improper-addressing'],
    ["<db:result to='c'>k</db:result>", 'improper-addressing'],
    ["<db:verify from='a' to='c/d'>k</db:verify>", 'improper-addressing'],
    ["<db:other from='a' to='c'/>", 'unsupported-stanza-type'],
    ["<db:result from='a' to='c' type='maybe'/>", 'bad-format'],
    [`<db:result from='a' to='c'>${'k'.repeat(1_025)}</db:result>`, 'bad-format'],
  ] as const) {
    assert.throws(
      () => element(xml),
      (error) => error instanceof StreamError && error.condition === condition,
    );
  }
});

test('an incoming pair is open once the authoritative server has confirmed its key', () => {
  const receiver = new Receiver();
  assert.equal(receiver.read(`<db:result from='${THEIRS}' to='${OURS}'>key</db:result>`), true);
  assert.equal(receiver.pairs.has(THEIRS, OURS), false);
  assert.equal(receiver.read(`<db:result from='${THEIRS}' to='${OURS}'>key</db:result>`), false, 'one verification for each pair');
  receiver.questions[0]?.('valid');
  assert.deepEqual(receiver.events, [`<db:result from='${OURS}' to='${THEIRS}' type='valid'/>`, `opened ${THEIRS} ${OURS}`]);
  assert.equal(receiver.pairs.has(THEIRS, OURS), true);
  assert.equal(receiver.pairs.has(OURS, THEIRS), false);
  assert.equal(receiver.pairs.has(THEIRS, 'public.b'), false);
});

test('a wrong key, a refusal and a failed verification open no pair', () => {
  const receiver = new Receiver();
  const request = `<db:result from='${THEIRS}' to='${OURS}'>key</db:result>`;
  receiver.problem = 'not-authorized';
  receiver.read(request);
  receiver.problem = null;
  receiver.read(request);
  receiver.questions[0]?.('remote-server-timeout');
  receiver.read(request);
  receiver.questions[1]?.('invalid');
  const error = (condition: string) =>
    `<db:result from='${OURS}' to='${THEIRS}' type='error'><error type='cancel'><${condition} xmlns='${NS.stanzaErrors}'/></error></db:result>`;
  assert.deepEqual(receiver.events, [
    error('not-authorized'),
    'refused not-authorized',
    error('remote-server-timeout'),
    'refused remote-server-timeout',
    `<db:result from='${OURS}' to='${THEIRS}' type='invalid'/>`,
    'forged',
  ]);
  assert.deepEqual(receiver.pairs.open, []);
});

test('the certificate of a domain opens its own pairs only', () => {
  const receiver = new Receiver();
  receiver.good = 'private.c';
  receiver.read(`<db:result from='private.c' to='${OURS}'>key</db:result>`);
  receiver.read(`<db:result from='${THEIRS}' to='${OURS}'>key</db:result>`);
  assert.deepEqual(receiver.pairs.open, [`private.c ${OURS}`]);
  assert.equal(receiver.questions.length, 1);
});

test('at most sixteen verifications of a stream are under way, and a late one changes nothing', () => {
  const receiver = new Receiver();
  for (let count = 0; count < 17; count++) receiver.read(`<db:result from='a${count}' to='${OURS}'>key</db:result>`);
  assert.equal(receiver.questions.length, 16);
  assert.match(receiver.events[0] ?? '', /<resource-constraint /);
  receiver.pairs.end();
  for (const decided of receiver.questions) decided('valid');
  assert.deepEqual(receiver.pairs.open, []);
});

test('an outgoing pair is open once the peer has accepted its key on the same stream', () => {
  const initiator = new Initiator();
  initiator.pairs.ask(OUT);
  initiator.pairs.ask(OUT);
  assert.deepEqual(initiator.written, [`<db:result from='${OURS}' to='${THEIRS}'>${new DialbackKeys('s3cr3tf0rd14lb4ck').of(OUT, 'stream-1')}</db:result>`]);
  assert.deepEqual(
    [initiator.pairs.awaits(OUT, 'stream-1'), initiator.pairs.awaits(OUT, 'stream-2'), initiator.pairs.awaits(IN, 'stream-1')],
    [true, false, false],
  );
  assert.equal(initiator.read(`<db:result from='${THEIRS}' to='${OURS}' type='valid'/>`), true);
  assert.equal(initiator.pairs.awaits(OUT, 'stream-1'), false);
  assert.deepEqual(initiator.events, [`opened ${OURS} ${THEIRS}`]);
});

test('a refused key, or an error, fails the pair alone', () => {
  const initiator = new Initiator();
  initiator.pairs.ask(OUT);
  initiator.pairs.ask({ sender: 'public.b', target: THEIRS });
  initiator.read(`<db:result from='${THEIRS}' to='public.b' type='error'><error type='cancel'/></db:result>`);
  initiator.read(`<db:result from='${THEIRS}' to='${OURS}' type='invalid'/>`);
  assert.deepEqual(initiator.events, ['error', 'invalid']);
});

test('an answer without a request, or on another stream than the request, opens no pair', () => {
  const initiator = new Initiator();
  const outcomes: DialbackOutcome[] = [];
  initiator.pairs.verify(IN, 'theirs', 'key', (outcome) => void outcomes.push(outcome));
  for (const name of ['result', 'verify']) {
    for (const [from, to] of [
      [THEIRS, OURS],
      [OURS, THEIRS],
    ]) {
      for (const type of ['', " type='valid'"]) assert.equal(initiator.read(`<db:${name} from='${from}' to='${to}' id='other'${type}/>`), false);
    }
  }
  assert.equal(initiator.read(`<db:verify from='public.a' to='${OURS}' id='theirs' type='valid'/>`), false);
  assert.deepEqual([initiator.events, outcomes], [[], []]);
  assert.equal(initiator.read(`<db:verify from='${THEIRS}' to='${OURS}' id='theirs' type='valid'/>`), true);
  assert.equal(initiator.read(`<db:verify from='${THEIRS}' to='${OURS}' id='theirs' type='valid'/>`), false, 'once');
  assert.deepEqual([initiator.events, outcomes], [[], ['valid']]);
});

test('verifications fail with their stream', () => {
  const initiator = new Initiator();
  const outcomes: DialbackOutcome[] = [];
  initiator.pairs.verify(IN, 'theirs', 'key', (outcome) => void outcomes.push(outcome));
  initiator.pairs.end();
  assert.deepEqual(outcomes, ['remote-connection-failed']);
});

test('a key is confirmed for its own pair and stream only', () => {
  const answer = (xml: string) =>
    verified(element(xml), {
      serves: (domain) => domain === OURS,
      isOwnKey: ({ sender, target }, id, key) => sender === OURS && target === THEIRS && id === '1' && key === 'k',
    });
  assert.equal(answer(`<db:verify from='${THEIRS}' to='${OURS}' id='1'>k</db:verify>`), `<db:verify from='${OURS}' to='${THEIRS}' id='1' type='valid'/>`);
  assert.match(answer(`<db:verify from='${THEIRS}' to='${OURS}' id='1'>l</db:verify>`), /type='invalid'/);
  assert.match(answer(`<db:verify from='${THEIRS}' to='${OURS}' id='2'>k</db:verify>`), /type='invalid'/);
  assert.match(answer(`<db:verify from='other' to='${OURS}' id='1'>k</db:verify>`), /type='invalid'/);
  assert.match(answer(`<db:verify from='${THEIRS}' to='elsewhere' id='1'>k</db:verify>`), /type='error'><error type='cancel'><item-not-found /);
});

for (const { name, opener, acceptor } of recordedStreams()) {
  test(`both sides of the recorded stream ${name} end with the pairs that the servers opened`, () => {
    const receiver = new Receiver();
    const { id } = acceptor.header;
    const initiator = new Initiator(id);
    const expected: string[] = [];
    const outcomes: DialbackOutcome[] = [];
    for (const read of opener.elements.filter(({ namespace }) => namespace === NS.dialback).map(readDialback)) {
      const pair = { sender: read.from, target: read.to };
      if (read.name === 'verify') {
        initiator.pairs.verify({ sender: read.to, target: read.from }, read.id, read.key, (outcome) => void outcomes.push(outcome));
        assert.match(answerXml(read, 'valid'), /^<db:verify from='.+' to='.+' id='.+' type='valid'\/>$/);
        continue;
      }
      assert.equal(receiver.pairs.read(read), true);
      initiator.pairs.ask(pair);
      assert.equal(initiator.pairs.awaits(pair, id), true);
      expected.push(`${read.from} ${read.to}`);
    }
    for (const decided of receiver.questions) decided('valid');
    for (const read of acceptor.elements.filter(({ namespace }) => namespace === NS.dialback)) assert.equal(initiator.pairs.read(readDialback(read)), true);
    assert.deepEqual(receiver.pairs.open, expected);
    assert.deepEqual(
      initiator.events,
      expected.map((pair) => `opened ${pair}`),
    );
    assert.ok(outcomes.every((outcome) => outcome === 'valid'));
    assert.ok(expected.length + outcomes.length > 0);
  });
}
