import type { ValueType } from './values/value-type.ts';

/** An option of a command. */
export interface Option<Value = unknown, Fallback = unknown> {
  /** Its name on the command line, as `hold` for `--hold`; `''`: none. */
  readonly option: string;
  readonly type: ValueType<Value>;
  /** The default; null: none. */
  readonly fallback: Fallback;
  /** The default in `--help`; `''`: none. */
  readonly shownDefault: string;
  /** The heading in `--help`; `''`: the command's. */
  readonly group: string;
  /** Its effect, in the imperative: `Wait for …`. */
  readonly describe: string;
  /** Whether `--help` omits it. */
  readonly hidden: boolean;
}

/** A setting of the server: a row of the table from which command line, environment, `<chopchop>`, library, reload and reference derive. */
export interface Setting<Value = unknown, Fallback = unknown> extends Option<Value, Fallback> {
  /** The name of its environment variable; `''`: none. */
  readonly environment: string;
  /** Its element in `<chopchop>`; `''`: none. */
  readonly element: string;
  /** Other names of the element, from older files. */
  readonly oldElements: readonly string[];
  /** Whether SIGHUP applies a new value; otherwise a restart does. */
  readonly reload: boolean;
}

/** The possible value of an option or a setting. */
export type ValueOf<One> = One extends Option<infer Value, infer Fallback> ? Value | Fallback : never;

/** The values of a table of options or settings, by the same keys. */
export type ValuesOf<Table> = { readonly [Key in keyof Table]: ValueOf<Table[Key]> };

/** Options or settings by keys. */
export type OptionTable = Readonly<Record<string, Option>>;
export type SettingTable = Readonly<Record<string, Setting>>;

/** A row of a table of options. */
interface OptionRow<Value> {
  readonly option: string;
  readonly type: ValueType<Value>;
  readonly describe: string;
  readonly group?: string;
  /** By default, the fallback as a user writes it. */
  readonly shownDefault?: string;
  readonly hidden?: boolean;
}

/** A row of the table of settings. */
interface SettingRow<Value> extends OptionRow<Value> {
  readonly group: string;
  /** By default, the option with underscores; `''`: no element. */
  readonly element?: string;
  readonly oldElements?: readonly string[];
  readonly reload?: boolean;
}

/** The prefix of all environment variables of settings. */
export const ENVIRONMENT_PREFIX = 'OPENSRF_CHOPCHOP_';

/** A row of a table of options. Without a fallback, the default is null. */
export function option<Value>(row: OptionRow<Value> & { readonly fallback: NoInfer<Value> }): Option<Value, Value>;
export function option<Value>(row: OptionRow<Value>): Option<Value, null>;
export function option(row: OptionRow<unknown> & { readonly fallback?: unknown }): Option {
  const { fallback = null, shownDefault = written(fallback, row.type), group = '', hidden = false } = row;
  return { option: row.option, type: row.type, fallback, shownDefault, group, describe: row.describe, hidden };
}

/** A row of the table of settings. */
export function setting<Value>(row: SettingRow<Value> & { readonly fallback: NoInfer<Value> }): Setting<Value, Value>;
export function setting<Value>(row: SettingRow<Value>): Setting<Value, null>;
export function setting(row: SettingRow<unknown> & { readonly fallback?: unknown }): Setting {
  const { option: name, element = name.replaceAll('-', '_'), oldElements = [], reload = false } = row;
  return { ...option(row), environment: environmentName(name), element, oldElements, reload };
}

function environmentName(name: string): string {
  return name === '' ? '' : ENVIRONMENT_PREFIX + name.replaceAll('-', '_').toUpperCase();
}

/** A default as a user writes it. */
function written(fallback: unknown, { unit }: ValueType<unknown>): string {
  if (typeof fallback === 'number' && unit === 's') return String(fallback / 1_000);
  if (Array.isArray(fallback)) return fallback.join(' ');
  return ['string', 'number', 'boolean'].includes(typeof fallback) ? String(fallback) : '';
}
