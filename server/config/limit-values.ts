import { isLimitName, LIMITS, type LimitDescription, type Limits, type LimitUnit } from './limits.ts';

const KIB = 1024;

/** What may stand behind a number, by the limit's unit. From the largest on. */
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

/**
 * The limits set by `NAME=VALUE`; the last of a name counts. A value is in the limit's unit, or says another: `outboxBytes=16MiB`, `loginTimeoutMs=5s`.
 * @param problems Takes what is wrong.
 */
export function parseLimits(values: readonly string[], problems: string[]): Partial<Limits> {
  return Object.fromEntries(values.flatMap((value) => parseLimit(value, problems)));
}

function parseLimit(text: string, problems: string[]): [string, number][] {
  const equals = text.indexOf('=');
  const name = text.slice(0, equals).trim();
  if (equals === -1) problems.push(`--limit: "${text}" is not NAME=VALUE, as outboxBytes=16MiB`);
  else if (!isLimitName(name)) problems.push(`--limit: there is no limit "${name}" (--help limits lists them)`);
  else {
    const { unit, least, most } = LIMITS[name];
    const value = numberIn(text.slice(equals + 1).trim(), unit);
    if (value >= least && value <= most) return [[name, value]];
    problems.push(`--limit: ${name}: "${text.slice(equals + 1)}" is not a whole number from ${least} to ${most}${suffixHint(unit)}`);
  }
  return [];
}

/** NaN where the text is none. */
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
