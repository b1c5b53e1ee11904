import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SentMessages } from '../../server/federation/sent-messages.ts';
import { NS } from '../../shared/namespaces.ts';
import { Stanza } from '../../shared/stanza.ts';

const CLIENT = 'opensrf@private.b/client';
const THEIRS = 'x@private.a/y';

function message(body: string, id = ''): Stanza {
  const stanza = new Stanza('message', THEIRS, CLIENT, '', id);
  stanza.thread = `thread of ${body.slice(0, 20)}`;
  stanza.inner = `<thread>${stanza.thread}</thread><body>${body}</body></message>`;
  return stanza;
}

/** A bounce as Prosody writes it. */
function bounceOf({ id }: Stanza, from = THEIRS): Stanza {
  const stanza = new Stanza('message', CLIENT, from, 'error', id);
  stanza.inner = `<error type='cancel'><service-unavailable xmlns='${NS.stanzaErrors}'/></error></message>`;
  return stanza;
}

/** Some messages, and a clock for them. */
function sent() {
  const clock = { ms: 1_000 };
  return { clock, messages: new SentMessages(() => clock.ms) };
}

function bodyOf(bounce: Stanza): string {
  return /<body>(.*)<\/body>/.exec(bounce.inner)?.[1] ?? '';
}

test('a bounce gets the thread and the content of its message, whether it had an id or got one', () => {
  const { messages } = sent();
  const [one, two, three] = [message('one'), message('zwei — ✓', 'own'), message('three')];
  for (const stanza of [one, two, three]) messages.remember(stanza);
  assert.notEqual(one.id, three.id);
  const completed = messages.completed(bounceOf(two));
  assert.deepEqual(
    [bodyOf(completed), completed.thread, completed.to, completed.from, completed.id, completed.type],
    ['zwei — ✓', two.thread, CLIENT, THEIRS, 'own', 'error'],
  );
  assert.match(completed.inner, /<service-unavailable /);
  assert.equal(bodyOf(messages.completed(bounceOf(one))), 'one');
  assert.equal(bodyOf(messages.completed(bounceOf(three))), 'three');
});

test('a bounce of another sender, without a known id, late, or with a thread stays as it is', () => {
  const { messages, clock } = sent();
  const stanza = message('one');
  messages.remember(stanza);
  const whole = bounceOf(stanza);
  whole.thread = 'other';
  const unknown = ['', 'x', stanza.id.replace(/\d+$/, '7'), stanza.id.replace(/\d+$/, '-1'), stanza.id.replace(/\d+$/, ''), `${stanza.id}.5`].map((id) =>
    bounceOf(message('', id)),
  );
  for (const error of [bounceOf(stanza, 'evil@private.a/y'), whole, ...unknown]) assert.equal(messages.completed(error), error);
  clock.ms += 60_000;
  assert.equal(bodyOf(messages.completed(bounceOf(stanza))), 'one');
  clock.ms += 1;
  const late = bounceOf(stanza);
  assert.equal(messages.completed(late), late);
});

test('the last ten thousand messages are remembered, up to 8 MiB, and none is mixed up with another', () => {
  const { messages } = sent();
  const all: Stanza[] = [];
  for (let count = 0; count < 30_000; count++) {
    const stanza = message(`${count} ${'ö'.repeat(count % 97)}`, count % 3 === 0 ? `own-${count % 20_000}` : '');
    messages.remember(stanza);
    all.push(stanza);
  }
  const isRemembered = (stanza: Stanza) => bodyOf(messages.completed(bounceOf(stanza))) === bodyOf(stanza);
  assert.deepEqual(
    all.slice(0, 20_000).filter((stanza) => stanza.id.startsWith('own') === false && isRemembered(stanza)),
    [],
  );
  assert.ok(all.slice(20_000).every(isRemembered));
  const long = Array.from({ length: 100 }, (_, count) => message(`${count} ${'x'.repeat(200_000)}`));
  for (const stanza of long) messages.remember(stanza);
  const kept = long.filter(isRemembered);
  assert.ok(kept.length >= 39 && kept.length <= 41 && kept.at(-1) === long.at(-1), `${kept.length}`);
  assert.ok(!isRemembered(all.at(-1) as Stanza));
  const tooLong = message('x'.repeat(300_000));
  messages.remember(tooLong);
  assert.equal(tooLong.id, '');
});

test('another process goes on with the messages of this one', () => {
  const { messages, clock } = sent();
  const [one, two] = [message('one'), message('two', 'own')];
  messages.remember(one);
  clock.ms += 10_000;
  messages.remember(two);
  const other = new SentMessages(() => clock.ms + 5_000);
  other.restore(messages.save());
  for (const stanza of [one, two]) assert.equal(bodyOf(other.completed(bounceOf(stanza))), bodyOf(stanza));
  clock.ms += 50_000;
  assert.equal(bodyOf(other.completed(bounceOf(one))), 'one');
  clock.ms += 1;
  const late = bounceOf(one);
  assert.equal(other.completed(late), late);
});
