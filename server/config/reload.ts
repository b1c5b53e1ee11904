import { isDeepStrictEqual } from 'node:util';
import type { ChopChopConfig } from './config.ts';
import { nested, valueAt } from './input.ts';
import { CONFIG_PATHS, CONFIG_SETTINGS, type ConfigPath } from './settings.ts';

/** The configuration after a reload: the new one, with the old values of settings that need a restart. */
export interface Reloaded {
  readonly config: ChopChopConfig;
  /** The paths of changed settings that need a restart, as `ports` or `router.balance`. */
  readonly restart: readonly string[];
}

/** Combines the configuration of a running server with a new one. */
export function reloadedConfig(running: ChopChopConfig, read: ChopChopConfig): Reloaded {
  const taken = nested(Object.fromEntries(CONFIG_PATHS.map((path) => [path, valueAt(mayChange(path, running, read) ? read : running, path)])));
  const config = Object.freeze({ ...running, ...taken, ...nullSections(running) });
  const restart = CONFIG_PATHS.filter((path) => !isDeepStrictEqual(valueAt(config, path), valueAt(read, path)));
  return { config, restart: [...new Set(restart.map((path) => nameOf(path, running, read)))] };
}

function mayChange(path: ConfigPath, running: ChopChopConfig, read: ChopChopConfig): boolean {
  if (path !== 'tls.certificate') return CONFIG_SETTINGS[path].reload;
  // The files of a certificate may change. A server without TLS, or with a self-signed certificate, has none.
  return [running, read].every(({ tls }) => tls !== null && tls.certificate !== 'self-signed');
}

/** Sections that are absent stay so. */
function nullSections({ tls, settings, cluster }: ChopChopConfig): Partial<ChopChopConfig> {
  return { ...(tls === null && { tls }), ...(settings === null && { settings }), ...(cluster === null && { cluster }) };
}

/** The path of a setting; its section's name if the section was or is absent. */
function nameOf(path: string, ...configs: readonly ChopChopConfig[]): string {
  const section = path.slice(0, Math.max(0, path.indexOf('.')));
  return section !== '' && configs.some((config) => valueAt(config, section) === null) ? section : path;
}
