import type { Log } from '../kernel/log.ts';
import type { Methods } from '../osrf/service-description.ts';
import type { Setting } from './convert.ts';
import type { SettingsFile } from './settings-file.ts';

/** The methods of `opensrf.settings` for a file. Their parameter `reload` reloads the file first. */
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

/** Reloads the file; an invalid one changes nothing, as in the Perl service. */
function reloadOrKeep(file: SettingsFile, log: Log): void {
  try {
    file.reload();
    log.info({ file: file.path }, 'settings reloaded');
  } catch (error) {
    log.error({ file: file.path, problem: (error as Error).message }, 'could not reload the settings; the old ones stay');
  }
}

/** Truth as in Perl. */
function isTrue(value: unknown): boolean {
  return Boolean(value) && value !== '0';
}

function textOf(value: unknown, what: string): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new Error(`the first parameter must be ${what}`);
}
