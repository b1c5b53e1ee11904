import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../support/command.ts';
import { Lab, labProblem } from '../support/s2s-lab.ts';

test('Prosody, ejabberd and jabberd2 as peers, with dialback, in a network namespace', { skip: labProblem() }, async (t) => {
  const lab = new Lab(temporaryFolder(t));
  t.after(() => lab.close());
  lab.startProsody();
  lab.startEjabberd();
  lab.startJabberd();
  await lab.registerAtEjabberd();
  const { code, lines } = await lab.play(new URL('../support/s2s-lab-child.js', import.meta.url));
  for (const { name, problem } of lines) await t.test(name, () => assert.equal(problem, ''));
  assert.equal(code, 0);
  assert.equal(lines.length, 3 * 8 + 1);
});

test('Prosody as a peer is killed, cut off, and stands still; and it talks TLS', { skip: labProblem('nft') }, async (t) => {
  const lab = new Lab(temporaryFolder(t));
  t.after(() => lab.close());
  const { code, lines } = await lab.play(new URL('../support/s2s-loss-child.js', import.meta.url), lab.folder);
  for (const { name, problem } of lines) await t.test(name, () => assert.equal(problem, ''));
  assert.equal(code, 0);
  assert.equal(lines.length, 5);
});
