import type { Log } from '../kernel/log.ts';
import type { Methods } from '../osrf/service-description.ts';
import type { Setting } from './convert.ts';
import type { SettingsFile } from './settings-file.ts';

/** The methods of `opensrf.settings`, by the file they tell. `reload` reads that again first. */
export function settingsMethods(file: SettingsFile, log: Log): Methods {
  const current = (reload: unknown) => {
    if (isTrue(reload)) reloadOrKeep(file, log);
    return file.current;
  };
  const select = (xpath: unknown, reload: unknown): Setting[] => current(reload).select(textOf(xpath, 'an XPath expression'));
  return {
    'opensrf.settings.host_config.get': (host: unknown, reload: unknown) => current(reload).hostConfig(isTrue(host) ? textOf(host, 'the name of a host') : ''),
    'opensrf.settings.default_config.get': (reload: unknown) => current(reload).defaultConfig(),
    'opensrf.settings.xpath.get': select,
    'opensrf.settings.xpath.get.raw': select,
  };
}

/** As in the Perl service: a file that cannot be used any more changes nothing. */
function reloadOrKeep(file: SettingsFile, log: Log): void {
  try {
    file.reload();
    log.info({ file: file.path }, 'settings read again');
  } catch (error) {
    log.error({ file: file.path, problem: (error as Error).message }, 'the settings could not be read again; the old ones stay');
  }
}

/** What Perl takes for true. */
function isTrue(value: unknown): boolean {
  return Boolean(value) && value !== '0';
}

function textOf(value: unknown, what: string): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new Error(`the first parameter must be ${what}`);
}
