import { isDeepStrictEqual } from 'node:util';
import type { Place, Problems } from '../problem.ts';
import type { Option, OptionTable, ValuesOf } from '../setting.ts';
import { type Reading, refused } from '../values/value-type.ts';
import type { Given, GivenByKey } from './given.ts';

/** A given value and its place. A repeated option has several. */
export interface Part {
  readonly value: unknown;
  readonly place: Place;
}

/** The values of a table, and the places of the given ones. */
export interface ReadValues<Table> {
  readonly values: ValuesOf<Table>;
  readonly parts: ReadonlyMap<string, readonly Part[]>;
}

/**
 * Reads the values of a table. The first source with a key sets its value.
 * @param sources The strongest first.
 * @param problems Receives invalid values; their defaults replace them.
 */
export function readValues<Table extends OptionTable>(table: Table, sources: readonly GivenByKey[], problems: Problems): ReadValues<Table> {
  const values: Record<string, unknown> = {};
  const parts = new Map<string, readonly Part[]>();
  for (const [key, option] of Object.entries(table)) {
    const given = sources.map((source) => source.get(key)).find((one) => one !== undefined) ?? [];
    const read = readParts(option, given, (place, wrong) => problems.addAt(place, key, wrong));
    values[key] = read === null ? option.fallback : read.value;
    if (read !== null) parts.set(key, read.parts);
  }
  return { values: values as ValuesOf<Table>, parts };
}

/** null: not given, or invalid. */
function readParts(option: Option, given: readonly Given[], report: (place: Place, wrong: string) => void): { value: unknown; parts: readonly Part[] } | null {
  const parts = given.flatMap(({ text, place }) => partsOf(readText(option, text), place, report));
  const last = parts.at(-1);
  if (last === undefined) return null;
  const joined = partsOf(option.type.join(parts.map(({ value }) => value)), last.place, report);
  return joined[0] === undefined || parts.length < given.length ? null : { value: joined[0].value, parts };
}

/** One part, or none after reporting the error. */
function partsOf(reading: Reading<unknown>, place: Place, report: (place: Place, wrong: string) => void): Part[] {
  if (reading.ok) return [{ value: reading.value, place }];
  for (const wrong of reading.wrong) report(place, wrong);
  return [];
}

function readText({ type }: Option, text: string | null): Reading<unknown> {
  if (text !== null) return type.parse(text);
  return type.bare === null ? refused(`needs ${type.wants}`) : type.parse(type.bare);
}

/** The part of a value that contains an item; by default the first. */
export function partWith(parts: readonly Part[], item: unknown): Part | undefined {
  return parts.find(({ value }) => contains(value, item)) ?? parts[0];
}

function contains(value: unknown, item: unknown): boolean {
  if (Array.isArray(value)) return value.some((one) => isDeepStrictEqual(one, item));
  if (value instanceof Map) return value.has(item);
  return typeof value === 'object' && value !== null && typeof item === 'string' && Object.hasOwn(value, item);
}
