import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FRAME_KINDS, readFrame, writeFrame } from '../../server/cluster/frame.ts';
import { FrameError } from '../../server/cluster/link/members.ts';
import { readStanza, writeStanza } from '../../server/cluster/stanza-frame.ts';
import { cRequest, requestBody } from '../support/osrf.ts';
import { readStanza as stanzaOf } from '../support/reading.ts';

test('a frame is read as it was written', () => {
  for (const [numbers, texts] of [
    [[], []],
    [[0], ['']],
    [
      [-1, 2 ** 52, 7],
      ['a;b,c', '', 'ü𝄞'],
    ],
    [[], ['1,2;3']],
  ] as const) {
    assert.deepEqual(readFrame(writeFrame(FRAME_KINDS.ask, numbers, ...texts)), { kind: 'Q', numbers, texts });
  }
});

test('a frame with a stanza is one of writeFrame, and has all of the stanza', () => {
  const stanza = stanzaOf(cRequest('router@localhost/opensrf.math', 'opensrf@localhost/client', 'thread', requestBody('add', ['ü'])));
  const way = { target: 1, sender: 2, senderMember: 'm', hops: 3 };
  const frame = writeStanza(FRAME_KINDS.stanza, stanza, 4, way);
  const { kind, numbers, texts } = readFrame(frame);
  assert.equal(writeFrame(FRAME_KINDS.stanza, numbers, ...texts), frame);
  assert.equal(kind, FRAME_KINDS.stanza);
  const { stanza: read, returnPath, ...readWay } = readStanza(readFrame(frame));
  assert.deepEqual(readWay, way);
  assert.equal(returnPath, 4);
  assert.equal(read.toXml(), stanza.toXml());
});

test('a frame that breaks the format is refused', () => {
  const frames = [
    '',
    'S',
    'S;',
    'S0',
    'S-1;',
    'S1;',
    'S0,1;',
    'S0,1;ab',
    'S0,-1;',
    'S1,x;',
    'S1, 1;',
    'S1,1.5;',
    'S1,--1;',
    'S1,-;',
    'S1,,1;',
    'S0,0x1;a',
    'S0:',
  ];
  for (const frame of [...frames, `S1,${'9'.repeat(17)};`, `S1,${'9'.repeat(400)};`, `S40${',0'.repeat(41)};`]) {
    assert.throws(() => readFrame(frame), FrameError, frame);
  }
});
