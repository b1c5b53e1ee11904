import { allOf } from './lists.ts';
import { good, onlyOne, type Reading, type ValueType, valueType } from './value-type.ts';

const HIGHEST_PORT = 65_535;
const DAY_S = 86_400;
const MS = 1_000;

/** The bounds of a number. */
export interface NumberRules {
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
  /** Its name in messages; by default `a number`. */
  readonly name?: string;
  readonly unit?: string;
}

/** A number in digits, as `5`, `-5`, `0.5`; null for other texts, as `5s`, `1e3`, `0x10`. */
export function readNumber(text: string): number | null {
  return /^-?(?:\d+(?:\.\d+)?|\.\d+)$/.test(text) ? Number(text) : null;
}

/** A number between two others. */
export function number(rules: NumberRules): ValueType<number> {
  const { least, most, whole, name = whole ? 'a whole number' : 'a number', unit = '' } = rules;
  const fits = (value: number | null): value is number => value !== null && value >= least && value <= most && (!whole || Number.isSafeInteger(value));
  return valueType<number>({
    label: 'number',
    wants: `${name} from ${least} to ${most}`,
    unit,
    read(text) {
      const value = readNumber(text);
      return fits(value) ? value : null;
    },
    accepts: (given) => typeof given === 'number' && fits(given),
  });
}

/** A time of up to a day: seconds in text, milliseconds in a program. @param least In seconds. */
export function seconds(least = 0): ValueType<number> {
  const written = number({ least, most: DAY_S, whole: false, name: 'a number of seconds', unit: 's' });
  const handedIn = number({ least: least * MS, most: DAY_S * MS, whole: false, name: 'a number of milliseconds' });
  return {
    ...written,
    parse(text) {
      const reading = written.parse(text);
      return reading.ok ? good(reading.value * MS) : reading;
    },
    take: handedIn.take,
  };
}

/** A port to listen on; 0 is any free one. */
export const PORT = number({ least: 0, most: HIGHEST_PORT, whole: true, name: 'a port number' });

/** A port to connect to. */
export const REMOTE_PORT = number({ least: 1, most: HIGHEST_PORT, whole: true, name: 'a port number' });

const ONE_OF_SEVERAL = number({ least: 1, most: HIGHEST_PORT, whole: true, name: 'a port number' });

/** Ports to listen on; each option names one. 0, any free port, must be the only one. */
export const PORTS: ValueType<readonly number[]> = {
  ...PORT,
  parse: (text) => listed(PORT.parse(text)),
  take(given) {
    if (!Array.isArray(given)) return listed(PORT.take(given));
    const type = given.length > 1 ? ONE_OF_SEVERAL : PORT;
    return allOf(given, (port) => type.take(port));
  },
  join: onlyOne,
};

function listed(reading: Reading<number>): Reading<readonly number[]> {
  return reading.ok ? good([reading.value]) : reading;
}
