import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Conversation } from '../../server/conversations/conversation.ts';
import type { Exchange } from '../../server/conversations/exchange.ts';

function exchange(threadTrace: string, type: Exchange['type'] = 'REQUEST'): Exchange {
  return { threadTrace, type } as Exchange;
}

test('a conversation finds its open exchanges by number and type, oldest first, whether there is one or several', () => {
  const conversation = new Conversation('client', 'thread', 'service');
  const [connect, first, second] = [exchange('1', 'CONNECT'), exchange('1'), exchange('2')];
  const found = () => [conversation.size, conversation.get('1', 'CONNECT'), conversation.get('1', 'REQUEST'), conversation.get('2', 'REQUEST')];
  assert.deepEqual(found(), [0, undefined, undefined, undefined]);
  conversation.add(connect);
  assert.deepEqual(found(), [1, connect, undefined, undefined]);
  conversation.remove(first);
  assert.equal(conversation.size, 1);
  conversation.add(first);
  conversation.add(second);
  assert.deepEqual(found(), [3, connect, first, second]);
  assert.deepEqual(conversation.exchanges(), [connect, first, second]);
  assert.deepEqual(conversation.withNumbers(['2', '1', '2']), [second, first, connect]);
  conversation.remove(connect);
  assert.deepEqual(conversation.exchanges(), [first, second]);
  for (const one of [first, second, second]) conversation.remove(one);
  assert.ok(conversation.over);
  conversation.add(second);
  assert.deepEqual(conversation.exchanges(), [second]);
  conversation.remove(second);
  conversation.connected = true;
  assert.ok(!conversation.over);
});
