import { type ValueType, valueType } from './value-type.ts';

const TRUE = new Set(['true', 'yes', 'on', '1']);
const FALSE = new Set(['false', 'no', 'off', '0']);

/** Reads true or false in the usual spellings; null for other texts. */
export function readBoolean(text: string): boolean | null {
  const word = text.toLowerCase();
  if (TRUE.has(word)) return true;
  return FALSE.has(word) ? false : null;
}

const TYPE = valueType<boolean>({
  label: 'boolean',
  wants: 'true or false (or yes, no, on, off, 1, 0)',
  bare: 'true',
  read: readBoolean,
  accepts: (given) => typeof given === 'boolean',
});

/** True or false. */
export const BOOLEAN: ValueType<boolean> = {
  ...TYPE,
  // A program may pass 1 and 0 as numbers.
  take: (given) => (typeof given === 'number' ? TYPE.parse(String(given)) : TYPE.take(given)),
};
