import { isLocalPart, normalizeDomain } from '../../../shared/jid.ts';
import { readBoolean } from './booleans.ts';
import { good, onlyOne, refused, type ValueType, valueType } from './value-type.ts';

/** A text that is not empty. @param wants Its description, as `the name of a file`. */
export function text(wants: string): ValueType<string> {
  return valueType<string>({ wants, read: (given) => given, accepts: (given): given is string => typeof given === 'string' && given.trim() !== '' });
}

/** A text that keeps its white space and is never shown in a message. */
export function secret(wants: string): ValueType<string> {
  return {
    ...text(wants),
    parse: (given) => (given === '' ? refused(`needs ${wants}`) : good(given)),
    take: (given) => (typeof given === 'string' && given !== '' ? good(given) : refused(`needs ${wants}`)),
  };
}

/** A type whose value may be omitted, or be true or false. @param on The value of true; false becomes null. */
export function orBoolean<Value>(type: ValueType<Value>, on: Value): ValueType<Value | null> {
  return {
    ...type,
    bare: 'true',
    parse(given) {
      const wanted = readBoolean(given.trim());
      return wanted === null ? type.parse(given) : good(wanted ? on : null);
    },
    join: onlyOne,
  };
}

/** One of a few words. */
export function choice<Word extends string>(choices: readonly Word[]): ValueType<Word> {
  const isOne = (given: unknown): given is Word => (choices as readonly unknown[]).includes(given);
  return valueType<Word>({ wants: `one of ${choices.join(', ')}`, choices, read: (given) => (isOne(given) ? given : null), accepts: isOne });
}

/** The name of a file. */
export const FILE = text('the name of a file');

/** A domain, in lower case and without a final dot. */
export const DOMAIN = valueType<string>({ wants: 'a domain', read: normalizeDomain });

/** The part of an address before the `@`. */
export const LOCAL_PART = valueType<string>({
  wants: 'a user name',
  read: (given) => (isLocalPart(given) ? given : null),
});

/** File permissions: octal digits in text, a number in a program. */
export const FILE_MODE = valueType<number>({
  wants: 'file permissions from 0 to 777, in octal',
  read: (given) => (/^0?[0-7]{1,3}$/.test(given) ? Number.parseInt(given, 8) : null),
  accepts: (given): given is number => typeof given === 'number' && Number.isInteger(given) && given >= 0 && given <= 0o777,
});
