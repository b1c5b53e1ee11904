import type { Place } from '../problem.ts';
import type { OptionTable } from '../setting.ts';

/** A setting from one source, unparsed. */
export interface Given {
  /** null: the setting without a value, as a bare `--tls-required` or `<tls_required/>`. */
  readonly text: string | null;
  readonly place: Place;
}

/** The settings of one source, by the keys of a table. */
export type GivenByKey = ReadonlyMap<string, readonly Given[]>;

/** Finds the options of a table on the command line. @param args The parser's result, by option: texts, true and false, and lists of them. */
export function givenOnCommandLine(table: OptionTable, args: Readonly<Record<string, unknown>>): GivenByKey {
  return new Map(
    Object.entries(table).flatMap(([key, { option }]) => (option === '' || args[option] === undefined ? [] : [[key, givenAs(option, args[option])]])),
  );
}

function givenAs(option: string, value: unknown): Given[] {
  const place: Place = { source: 'command line', name: `--${option}`, file: '', line: 0 };
  return [value].flat().map((one) => ({ text: one === true || one === '' ? null : String(one), place }));
}
