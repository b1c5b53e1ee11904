import type { Problems } from './problem.ts';
import type { Setting } from './setting.ts';
import { CONFIG_PATHS, CONFIG_SETTINGS, type ConfigPath, type ConfigValues } from './settings.ts';

/** The parts of a configuration that are objects. */
const SECTIONS: readonly string[] = [...new Set(CONFIG_PATHS.filter((path) => path.includes('.')).map((path) => path.slice(0, path.indexOf('.'))))];

/** Reads the input of a program by the types of the settings, and fills in the defaults. */
export function readInput(input: object, problems: Problems): ConfigValues {
  for (const section of SECTIONS) {
    const given = (input as Readonly<Record<string, unknown>>)[section];
    if (given !== undefined && typeof given !== 'object') problems.add(section, `needs an object with ${keysOf(section).join(', ')}`);
  }
  return Object.fromEntries(CONFIG_PATHS.map((path) => [path, readAt(input, path, problems)])) as unknown as ConfigValues;
}

function readAt(input: object, path: ConfigPath, problems: Problems): unknown {
  const { type, fallback }: Setting = CONFIG_SETTINGS[path];
  const given = valueAt(input, path);
  if (given === undefined || given === fallback) return fallback;
  const reading = type.take(given);
  if (reading.ok) return reading.value;
  for (const wrong of reading.wrong) problems.add(path, wrong);
  return fallback;
}

function keysOf(section: string): string[] {
  return CONFIG_PATHS.filter((path) => path.startsWith(`${section}.`)).map((path) => path.slice(section.length + 1));
}

/** The value at a path, as `router.holdMs`; undefined if there is none. */
export function valueAt(config: object, path: string): unknown {
  let value: unknown = config;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return value;
}

/** Builds an object from values by their paths. */
export function nested(values: Readonly<Record<string, unknown>>): object {
  const config: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(values)) {
    const keys = path.split('.');
    const last = keys.pop() as string;
    const section = keys.reduce((object, key) => {
      object[key] ??= {};
      return object[key] as Record<string, unknown>;
    }, config);
    section[last] = value;
  }
  return config;
}
