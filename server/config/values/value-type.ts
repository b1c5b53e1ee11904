/** A value that was read, or all that is wrong with it; each text completes a sentence that names the setting, as `needs a domain`. */
export type Reading<Value> = { readonly ok: true; readonly value: Value } | Refusal;

/** What is wrong with a value. */
export interface Refusal {
  readonly ok: false;
  readonly wrong: readonly string[];
}

/**
 * How values of one type are read: by the same rules on the command line, in the environment, in a file and from a program.
 * There is one of these for each type, and no other parser of settings.
 */
export interface ValueType<Value> {
  /** What `--help` calls it. */
  readonly label: 'boolean' | 'number' | 'string';
  /** What it needs, as `a port number from 0 to 65535`. */
  readonly wants: string;
  /** The values it may have; empty where there are too many to list. */
  readonly choices: readonly string[];
  /** The text that an option or an element without a value stands for; null: it needs a value. */
  readonly bare: string | null;
  /** What a number written as text counts, as `s`; `''` for all else. */
  readonly unit: string;
  /** Reads a text. */
  parse(text: string): Reading<Value>;
  /** Reads what a program hands in: a value of the type itself, or a text. */
  take(given: unknown): Reading<Value>;
  /** Puts together what was given several times, or refuses that. */
  join(values: readonly Value[]): Reading<Value>;
}

/** What tells one type from another. */
export interface TypeRules<Value> {
  readonly label?: ValueType<Value>['label'];
  readonly wants: string;
  readonly choices?: readonly string[];
  readonly bare?: string;
  readonly unit?: string;
  /** Reads a text without white space at its ends that is not empty; null: it is none of this type. */
  read(text: string): Value | null;
  /** Whether what a program hands in is of this type as it is; else only a text may be. */
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

/** A value that was read. */
export function good<Value>(value: Value): Reading<Value> {
  return { ok: true, value };
}

/** Why there is no value. */
export function refused(...wrong: readonly string[]): Refusal {
  return { ok: false, wrong };
}

/** Joins the values of a type that takes one. */
export function onlyOne<Value>([value, ...more]: readonly Value[]): Reading<Value> {
  return more.length === 0 ? good(value as Value) : refused('is given more than once');
}

/** What a program has handed in, for a message. */
export function nameOf(given: unknown): string {
  if (typeof given === 'string') return `"${given}"`;
  if (Array.isArray(given)) return 'a list';
  if (given instanceof Map) return 'a Map';
  return typeof given === 'object' && given !== null ? 'an object' : String(given);
}
