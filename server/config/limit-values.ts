import { nearest } from '../../shared/nearest.ts';
import { isLimitName, LIMITS, type LimitDescription, type Limits, type LimitUnit } from './limits.ts';
import { allOf } from './values/lists.ts';
import { good, nameOf, type Reading, refused, repeatable } from './values/value-type.ts';

const KIB = 1024;

/** Suffixes of a number, by the limit's unit, the largest first. */
const SUFFIXES: Readonly<Record<LimitUnit, readonly (readonly [suffix: string, factor: number])[]>> = {
  bytes: [
    ['GiB', KIB ** 3],
    ['MiB', KIB ** 2],
    ['KiB', KIB],
  ],
  ms: [
    ['min', 60_000],
    ['s', 1_000],
    ['ms', 1],
  ],
  count: [],
};

type SomeLimits = Partial<Limits>;

const WANTS = 'a limit as NAME=VALUE, as outboxBytes=16MiB';

/** Limits, each written as `NAME=VALUE`; the last of a name counts. A value is in the limit's unit, or has a suffix: `outboxBytes=16MiB`, `loginTimeoutMs=5s`. */
export const LIMIT_VALUES = repeatable<SomeLimits>({
  wants: WANTS,
  parse(text) {
    const reading = allOf(text.split(','), parseLimit);
    return reading.ok ? united(reading.value) : reading;
  },
  take(given) {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) return refused('needs an object of limits, by their names');
    const reading = allOf(Object.entries(given), ([name, value]) => limitOf(name, value));
    return reading.ok ? united(reading.value) : reading;
  },
  join: united,
});

function united(all: readonly SomeLimits[]): Reading<SomeLimits> {
  return good(Object.assign({}, ...all));
}

function parseLimit(text: string): Reading<SomeLimits> {
  const equals = text.indexOf('=');
  if (equals === -1) return refused(text.trim() === '' ? `needs ${WANTS}` : `"${text.trim()}" is not ${WANTS}`);
  return limitOf(text.slice(0, equals).trim(), text.slice(equals + 1).trim());
}

/** @param given A number in the limit's unit, or a text. */
function limitOf(name: string, given: unknown): Reading<SomeLimits> {
  if (given === undefined) return good({});
  if (!isLimitName(name)) return refused(`there is no limit "${name}"${meant(name)} (--help limits lists them)`);
  const { unit, least, most } = LIMITS[name];
  const value = typeof given === 'string' ? numberIn(given, unit) : given;
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return good({ [name]: value } as SomeLimits);
  return refused(`${name}: ${nameOf(given)} is not a whole number from ${least} to ${most}${suffixHint(unit)}`);
}

function meant(name: string): string {
  const limit = nearest(name, Object.keys(LIMITS));
  return limit === null ? '' : `; did you mean "${limit}"?`;
}

/** NaN if the text is not a number in that unit. */
function numberIn(text: string, unit: LimitUnit): number {
  const [, number = '', suffix = ''] = /^(\d{1,16})([A-Za-z]*)$/.exec(text) ?? [];
  const factor = suffix === '' ? 1 : SUFFIXES[unit].find(([name]) => name === suffix)?.[1];
  const value = number === '' || factor === undefined ? Number.NaN : Number(number) * factor;
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

function suffixHint(unit: LimitUnit): string {
  const suffixes = SUFFIXES[unit].map(([suffix]) => suffix);
  return suffixes.length === 0 ? '' : `, alone (${unit}) or with ${suffixes.join(', ')}`;
}

/** The default in the largest unit in which it is a whole number, as `--limit` takes it. */
export function readableDefault({ value, unit }: LimitDescription): string {
  const suffix = SUFFIXES[unit].find(([, factor]) => value > 0 && value % factor === 0);
  return suffix === undefined ? String(value) : `${value / suffix[1]}${suffix[0]}`;
}
