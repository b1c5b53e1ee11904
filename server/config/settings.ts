import { CLUSTER_SETTINGS } from './cluster-settings.ts';
import { LOG_SETTINGS, PROTECT_SETTINGS } from './log-settings.ts';
import { ROUTER_SETTINGS } from './router-settings.ts';
import { CONTROL_SETTINGS, DOUBLES_SETTINGS, PROCESS_SETTINGS } from './run-settings.ts';
import { EXPOSURE_SETTINGS, FILE_SETTINGS, SERVER_SETTINGS } from './server-settings.ts';
import type { ValuesOf } from './setting.ts';
import { CERTIFICATE_SETTINGS, TRANSPORT_SETTINGS } from './transport-settings.ts';
import { WEB_SETTINGS } from './web-settings.ts';

/** The settings that a {@link ChopChopConfig} consists of, by their paths in it. */
export const CONFIG_SETTINGS = {
  ...SERVER_SETTINGS,
  ...TRANSPORT_SETTINGS,
  ...WEB_SETTINGS,
  ...ROUTER_SETTINGS,
  ...CLUSTER_SETTINGS,
  ...PROTECT_SETTINGS,
} as const;

/** Every setting of the server, by its path. The one table of them. */
export const SETTINGS = {
  ...FILE_SETTINGS,
  ...SERVER_SETTINGS,
  ...EXPOSURE_SETTINGS,
  ...CERTIFICATE_SETTINGS,
  ...TRANSPORT_SETTINGS,
  ...WEB_SETTINGS,
  ...ROUTER_SETTINGS,
  ...CLUSTER_SETTINGS,
  ...PROTECT_SETTINGS,
  ...LOG_SETTINGS,
  ...CONTROL_SETTINGS,
  ...DOUBLES_SETTINGS,
  ...PROCESS_SETTINGS,
} as const;

/** The path of a setting, as `router.holdMs`. */
export type SettingPath = keyof typeof SETTINGS;
/** The path of a setting that is part of a {@link ChopChopConfig}. */
export type ConfigPath = keyof typeof CONFIG_SETTINGS;

/** A value for each setting, by its path. */
export type SettingValues = ValuesOf<typeof SETTINGS>;
/** A value for each setting of a {@link ChopChopConfig}, by its path. */
export type ConfigValues = ValuesOf<typeof CONFIG_SETTINGS>;

function pathsOf<Table extends object>(table: Table): readonly (keyof Table)[] {
  return Object.keys(table) as (keyof Table)[];
}

/** The paths of all settings of a {@link ChopChopConfig}. */
export const CONFIG_PATHS: readonly ConfigPath[] = pathsOf(CONFIG_SETTINGS);

/** The settings of commands that describe a server and its log. */
const SERVER_PATHS: readonly SettingPath[] = [
  ...pathsOf(FILE_SETTINGS),
  ...pathsOf(EXPOSURE_SETTINGS),
  ...pathsOf(CERTIFICATE_SETTINGS),
  ...CONFIG_PATHS,
  ...pathsOf(LOG_SETTINGS),
];

/** The settings of a run: its control interface, its test doubles, its process. */
export const RUN_PATHS: readonly SettingPath[] = [...pathsOf(CONTROL_SETTINGS), ...pathsOf(DOUBLES_SETTINGS), ...pathsOf(PROCESS_SETTINGS)];

/** The settings of each command that has some. */
export const SETTINGS_OF_COMMANDS = {
  serve: pathsOf(SETTINGS),
  exec: [...SERVER_PATHS, ...pathsOf(DOUBLES_SETTINGS)],
  doctor: SERVER_PATHS,
  cluster: ['config', 'cluster.name', 'cluster.nats', 'cluster.credentialsFile'],
} as const satisfies Readonly<Record<string, readonly SettingPath[]>>;
