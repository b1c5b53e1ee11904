import { isDeepStrictEqual } from 'node:util';
import type { ComponentsConfig } from './components.ts';
import type { ChopChopConfig, RouterConfig } from './config.ts';
import type { TlsConfig } from './transports.ts';

/** What a running server takes over from a new configuration. */
const RELOADED: readonly (keyof ChopChopConfig)[] = ['accounts', 'logProtect'];
const RELOADED_OF_ROUTER: readonly (keyof RouterConfig)[] = ['trustedServers', 'trustedClients'];
const RELOADED_OF_COMPONENTS: readonly (keyof ComponentsConfig)[] = ['secrets', 'secret'];

/** Where a running server goes on from: the new configuration, with the old one's settings where they cannot be changed. */
export interface Reloaded {
  readonly config: ChopChopConfig;
  /** The names of settings that differ and take a restart, as `ports` or `router.balance`. */
  readonly restart: readonly string[];
}

/** What becomes of a server's configuration when another one is read. */
export function reloadedConfig(running: ChopChopConfig, read: ChopChopConfig): Reloaded {
  const { router: runningRouter, components: runningComponents, ...ofServer } = running;
  const { router: readRouter, components: readComponents, ...newOfServer } = read;
  const withCertificate = { ...ofServer, tls: withCertificateOf(read.tls, running.tls) };
  const server = takeOver(withCertificate, newOfServer, RELOADED as readonly (keyof typeof ofServer)[]);
  const router = takeOver(runningRouter, readRouter, RELOADED_OF_ROUTER);
  const components = takeOver(runningComponents, readComponents, RELOADED_OF_COMPONENTS);
  return {
    config: Object.freeze({ ...server.settings, router: router.settings, components: components.settings }),
    restart: [...server.restart, ...router.restart.map((name) => `router.${name}`), ...components.restart.map((name) => `components.${name}`)],
  };
}

/** The files of a certificate may be others from now on; to have files or to have none may not. */
function withCertificateOf(read: TlsConfig | null, running: TlsConfig | null): TlsConfig | null {
  const files = read !== null && read.certificate !== 'self-signed' && running !== null && running.certificate !== 'self-signed';
  return files ? { ...running, certificate: read.certificate } : running;
}

function takeOver<Settings extends object>(running: Settings, read: Settings, names: readonly (keyof Settings)[]) {
  const settings = { ...running };
  for (const name of names) settings[name] = read[name];
  const restart = (Object.keys(read) as (keyof Settings)[]).filter((name) => !isDeepStrictEqual(settings[name], read[name]));
  return { settings, restart: restart.map(String) };
}
