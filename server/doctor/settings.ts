import type { OpensrfCore } from '../config/sources/opensrf-core.ts';
import type { Setting, SettingObject } from '../settings/convert.ts';
import type { Settings } from '../settings/settings.ts';
import { SettingsError } from '../settings/settings-error.ts';
import { SettingsFile } from '../settings/settings-file.ts';
import { checkApp, languageOf } from './app.ts';
import { type Finding, failure, ok, warning } from './finding.ts';

/** The surroundings for the check of opensrf.xml. */
export interface SettingsSurroundings {
  readonly core: OpensrfCore;
  /** This machine's name: OSRF_HOSTNAME if set, else the system's, with or without its domain. */
  readonly hostName: string;
  /** Whether the server answers `opensrf.settings` itself. */
  readonly builtIn: boolean;
}

/** Whether `opensrf.xml` is readable, and every active service in it can start. */
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
  return findings.length > 0 ? findings : [ok(`${file}: all active services on ${here.join(' and ')} are configured`)];
}

/** OpenSRF merges sections in the order of the file, and lists position by position. */
function checkOrder(file: string, settings: Settings): Finding[] {
  const findings: Finding[] = [];
  if (settings.select('/opensrf/hosts/following-sibling::default').length > 0) {
    findings.push(warning(`${file}: <default> follows <hosts>, so it overrides the hosts`, 'move <default> before <hosts>'));
  }
  if (settings.select('/opensrf/default/activeapps/appname').length > 0 && settings.select('/opensrf/hosts/*/activeapps/appname').length > 0) {
    const text = `${file}: <activeapps> is in <default> and in a host: OpenSRF merges the lists by position instead of joining them`;
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
  if (active.length === 0) return [warning(`${where}: no service is active`, 'name the services to start in <activeapps><appname>')];
  const apps = objectOf(config['apps']);
  const findings = active.flatMap((name) => checkApp(where, name, apps[name] === undefined ? null : objectOf(apps[name])));
  const needy = active.find((name) => languageOf(objectOf(apps[name])) === 'c');
  if (needy !== undefined && !builtIn && !active.includes('opensrf.settings')) {
    const text = `${where}: ${needy} is a C service and needs opensrf.settings to start, which is not active`;
    findings.push(failure(text, 'start the server with --with-settings, or add <appname>opensrf.settings</appname>'));
  }
  return findings;
}

/** Evergreen's sample opensrf_core.xml publishes these; most sites leave them inactive, and later versions have no section for some. */
const OPTIONAL_SERVICES: ReadonlySet<string> = new Set(['open-ils.collections', 'open-ils.permacrud', 'open-ils.resolver']);

/**
 * `<opensrf><routers><router><services>` of opensrf_core.xml lists the public services. One that opensrf.xml neither starts nor configures is usually misspelt;
 * one that is only configured is inactive on purpose.
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
          `${file}: ${service} is not active on any host, but should register with the router of ${target} (opensrf_core.xml:${line})`,
          `add <appname>${service}</appname> to a host's <activeapps>, or remove it from <services>`,
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
