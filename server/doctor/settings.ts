import type { OpensrfCore } from '../config/sources/opensrf-core.ts';
import type { Setting, SettingObject } from '../settings/convert.ts';
import type { Settings } from '../settings/settings.ts';
import { SettingsError } from '../settings/settings-error.ts';
import { SettingsFile } from '../settings/settings-file.ts';
import { checkApp, languageOf } from './app.ts';
import { type Finding, failure, ok, warning } from './finding.ts';

/** What the check of opensrf.xml wants to know besides the file. */
export interface SettingsSurroundings {
  readonly core: OpensrfCore;
  /** What this machine may be called: OSRF_HOSTNAME if that is set, else its own name, with its domain or without. */
  readonly hostName: string;
  /** Whether the server answers `opensrf.settings` itself. */
  readonly builtIn: boolean;
}

/** Whether `opensrf.xml` can be read, and whether what it says starts what it names. */
export function checkSettings(file: string, surroundings: SettingsSurroundings): Finding[] {
  try {
    return examine(file, new SettingsFile(file).current, surroundings);
  } catch (error) {
    if (error instanceof SettingsError) return [failure(error.message, 'correct it there, or name the right file in <settings_config>')];
    throw error;
  }
}

function examine(file: string, settings: Settings, { core, hostName, builtIn }: SettingsSurroundings): Finding[] {
  const hosts = Object.keys(objectOf(settings.select('/opensrf/hosts')[0]));
  const here = hosts.filter((host) => host === 'localhost' || host === hostName || host.startsWith(`${hostName}.`));
  const findings = checkOrder(file, settings);
  if (here.length === 0) findings.push(absentHost(file, hosts, hostName));
  for (const host of here) findings.push(...checkHost(`${file}: host ${host}`, objectOf(settings.hostConfig(host)), builtIn));
  findings.push(...checkPublished(file, settings, core));
  return findings.length > 0 ? findings : [ok(`${file}: what is active on ${here.join(' and ')} is configured`)];
}

/** Sections are laid over one another in the order of the file, and lists place by place. */
function checkOrder(file: string, settings: Settings): Finding[] {
  const findings: Finding[] = [];
  if (settings.select('/opensrf/hosts/following-sibling::default').length > 0) {
    findings.push(warning(`${file}: <default> stands behind <hosts>, so it overrides what a host says`, 'move <default> before <hosts>'));
  }
  if (settings.select('/opensrf/default/activeapps/appname').length > 0 && settings.select('/opensrf/hosts/*/activeapps/appname').length > 0) {
    const text = `${file}: <activeapps> stands in <default> and in a host: the lists are merged place by place, not joined`;
    findings.push(warning(text, 'write <activeapps> for each host, and none in <default>'));
  }
  return findings;
}

function absentHost(file: string, hosts: readonly string[], hostName: string): Finding {
  if (hosts.length === 0) return warning(`${file}: <hosts> names no host, so no service is active anywhere`, `add <hosts><${hostName}> with its <activeapps>`);
  const text = `${file}: <hosts> has neither this machine (${hostName}) nor localhost, only ${hosts.join(', ')}`;
  return failure(text, `rename <${hosts[0]}> to <${hostName}>, or export OSRF_HOSTNAME=${hosts[0]}`);
}

function checkHost(where: string, config: SettingObject, builtIn: boolean): Finding[] {
  const active = activeApps(config);
  if (active.length === 0) return [warning(`${where}: no service is active`, 'name those to start in <activeapps><appname>')];
  const apps = objectOf(config['apps']);
  const findings = active.flatMap((name) => checkApp(where, name, apps[name] === undefined ? null : objectOf(apps[name])));
  const needy = active.find((name) => languageOf(objectOf(apps[name])) === 'c');
  if (needy !== undefined && !builtIn && !active.includes('opensrf.settings')) {
    const text = `${where}: ${needy} is a C service and asks opensrf.settings before it starts, which is not active`;
    findings.push(failure(text, 'start the server with --with-settings, or add <appname>opensrf.settings</appname>'));
  }
  return findings;
}

/** Evergreen's sample opensrf_core.xml publishes these; most sites leave them inactive, and later versions have no section for some. */
const OPTIONAL_SERVICES: ReadonlySet<string> = new Set(['open-ils.collections', 'open-ils.permacrud', 'open-ils.resolver']);

/**
 * `<opensrf><routers><router><services>` of opensrf_core.xml names the services for the world. One that opensrf.xml neither starts nor configures is usually misspelt;
 * one that it configures only is meant to be inactive.
 */
function checkPublished(file: string, settings: Settings, { registrations }: OpensrfCore): Finding[] {
  const active = new Set([...settings.select('/opensrf/hosts/*/activeapps/appname'), ...settings.select('/opensrf/default/activeapps/appname')]);
  const sections = settings.select('/opensrf/hosts/*/apps').concat(settings.select('/opensrf/default/apps'));
  const configured = new Set(sections.flatMap((apps) => Object.keys(objectOf(apps))));
  return registrations.flatMap(({ target, services, line }) =>
    services
      .filter((service) => !active.has(service) && !configured.has(service) && !OPTIONAL_SERVICES.has(service))
      .map((service) =>
        warning(
          `${file}: ${service} is not active on any host, but is to register with the router of ${target} (opensrf_core.xml:${line})`,
          `add <appname>${service}</appname> to a host's <activeapps>, or take it out of <services>`,
        ),
      ),
  );
}

function activeApps(config: SettingObject): string[] {
  const names = objectOf(config['activeapps'])['appname'];
  return (Array.isArray(names) ? names : [names]).filter((name) => typeof name === 'string' || typeof name === 'number').map(String);
}

function objectOf(setting: Setting | undefined): SettingObject {
  return typeof setting === 'object' && !Array.isArray(setting) ? setting : {};
}
