import { isMap } from 'node:util/types';

/** A value, or the reasons for refusing it. */
export type Reading<Value> = { readonly ok: true; readonly value: Value } | Refusal;

/** The reasons why a value was refused. */
export interface Refusal {
  readonly ok: false;
  /** Each completes a sentence that begins with the setting: `needs a domain`. */
  readonly wrong: readonly string[];
}

/**
 * Reads values of one type. Each type has a single parser, so the same rules apply to the command line, the environment, a file and a program.
 * no other.
 */
export interface ValueType<Value> {
  /** The name of the type in `--help`. */
  readonly label: 'boolean' | 'number' | 'string';
  /** A description for messages, as `a port number from 0 to 65535`. */
  readonly wants: string;
  /** All possible values; empty if there are too many to list. */
  readonly choices: readonly string[];
  /** The value of an option or element without one, as text; null: it needs one. */
  readonly bare: string | null;
  /** The unit of a written number, as `s`; `''`: none. */
  readonly unit: string;
  /** Reads a text. */
  parse(text: string): Reading<Value>;
  /** Reads the input of a program: a value of the type itself, or a text. */
  take(given: unknown): Reading<Value>;
  /** Joins the values of a repeated option, or refuses the repetition. */
  join(values: readonly Value[]): Reading<Value>;
}

/** The rules of one type. */
export interface TypeRules<Value> {
  readonly label?: ValueType<Value>['label'];
  readonly wants: string;
  readonly choices?: readonly string[];
  readonly bare?: string;
  readonly unit?: string;
  /** Reads a trimmed text that is not empty; null: it is not of this type. */
  read(text: string): Value | null;
  /** Whether the input of a program is a value of this type; by default only texts are read. */
  accepts?(given: unknown): given is Value;
}

/** A type of single values. */
export function valueType<Value>(rules: TypeRules<Value>): ValueType<Value> {
  const { label = 'string', wants, choices = [], bare = null, unit = '', read, accepts = isOfNone } = rules;
  const type: ValueType<Value> = {
    label,
    wants,
    choices,
    bare,
    unit,
    parse(text) {
      const trimmed = text.trim();
      if (trimmed === '') return refused(`needs ${wants}`);
      const value = read(trimmed);
      return value === null ? refused(`"${text}" is not ${wants}`) : good(value);
    },
    take(given) {
      if (accepts(given)) return good(given);
      return typeof given === 'string' ? type.parse(given) : refused(`${nameOf(given)} is not ${wants}`);
    },
    join: onlyOne,
  };
  return type;
}

/** A type of values that may be given several times. */
export function repeatable<Value>(rules: Pick<ValueType<Value>, 'wants' | 'parse' | 'take' | 'join'>): ValueType<Value> {
  return { label: 'string', choices: [], bare: null, unit: '', ...rules };
}

function isOfNone(_given: unknown): _given is never {
  return false;
}

/** The reading of a good value. */
export function good<Value>(value: Value): Reading<Value> {
  return { ok: true, value };
}

/** The refusal of a wrong value. */
export function refused(...wrong: readonly string[]): Refusal {
  return { ok: false, wrong };
}

/** Joins the values of a type that takes one. */
export function onlyOne<Value>([value, ...more]: readonly Value[]): Reading<Value> {
  return more.length === 0 ? good(value as Value) : refused('is given more than once');
}

/** The input of a program, for a message. */
export function nameOf(given: unknown): string {
  if (typeof given === 'string') return `"${given}"`;
  if (Array.isArray(given)) return 'a list';
  if (isMap(given)) return 'a Map';
  return typeof given === 'object' && given !== null ? 'an object' : String(given);
}
