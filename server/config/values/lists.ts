import { good, type Reading, refused, repeatable, type ValueType } from './value-type.ts';

/** The syntax of a list. */
export interface ListRules {
  /** Whether one text may contain several values, separated by commas. */
  readonly commas: boolean;
  /** Whether a program may pass an empty list; true by default. */
  readonly mayBeEmpty?: boolean;
}

/** Several values of one type. */
export function list<Item>(item: ValueType<Item>, { commas, mayBeEmpty = true }: ListRules): ValueType<readonly Item[]> {
  const parse = (text: string) => allOf(commas ? text.split(',') : [text], (one) => item.parse(one));
  const take = (given: readonly unknown[]) => (given.length === 0 && !mayBeEmpty ? refused('at least one is needed') : allOf(given, (one) => item.take(one)));
  return repeatable({
    wants: item.wants,
    parse,
    take: (given) => (typeof given === 'string' ? parse(given) : take(Array.isArray(given) ? given : [given])),
    join: (values) => good(values.flat() as readonly Item[]),
  });
}

/** Reads several values; the refusal names each wrong one. */
export function allOf<Given, Item>(given: readonly Given[], read: (one: Given) => Reading<Item>): Reading<readonly Item[]> {
  const readings = given.map(read);
  const wrong = readings.flatMap((reading) => (reading.ok ? [] : reading.wrong));
  return wrong.length > 0 ? refused(...wrong) : good(readings.flatMap((reading) => (reading.ok ? [reading.value] : [])));
}
