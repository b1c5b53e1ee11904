import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bareJid, formatJid, isLocalPart, isResource, normalizeDomain, parseJid } from '../../shared/jid.ts';
import { cases } from '../support/tier.ts';

const garbage = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('@', '/', '.', 'a', 'B', ' ', '\u0000', '\u00e9', '\u0130', '\ud800', '\u{1f431}'), maxLength: 12 }),
  fc.string({ minLength: 1_000, maxLength: 1_030 }),
);

const local = garbage.filter(isLocalPart);
const domain = garbage.filter((text) => normalizeDomain(text) !== null);
const resource = garbage.filter(isResource);

test('no text makes the parser of addresses throw, and an address is written and parsed back the same', () => {
  fc.assert(
    fc.property(garbage, (text) => {
      const jid = parseJid(text);
      if (jid === null) return;
      assert.deepEqual(parseJid(formatJid(jid)), jid);
      assert.deepEqual({ ...parseJid(bareJid(jid)) }, { ...jid, resource: '' });
      assert.equal(jid.domain, jid.domain.toLowerCase());
    }),
    { numRuns: cases(5_000) },
  );
});

test('an address made of valid parts is parsed into these parts', () => {
  const optional = (part: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.oneof(fc.constant(''), part);
  fc.assert(
    fc.property(optional(local), domain, optional(resource), (local, domain, resource) => {
      const text = `${local === '' ? '' : `${local}@`}${domain}${resource === '' ? '' : `/${resource}`}`;
      assert.deepEqual({ ...parseJid(text) }, { local, domain: normalizeDomain(domain), resource });
    }),
    { numRuns: cases(1_000) },
  );
});
