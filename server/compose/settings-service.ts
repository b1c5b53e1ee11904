import { routerName, settingsAccount } from '../config/config.ts';
import type { Log } from '../kernel/log.ts';
import { BuiltInSettings, SETTINGS_SERVICE } from '../settings/built-in.ts';
import type { Parts } from './compose.ts';
import { trustedServers } from './routers.ts';

/** The built-in `opensrf.settings` of a server; null if it is not configured. */
export function createSettings({ running, routers, routerReplaced, programs, turns, clock }: Parts, log: Log): BuiltInSettings | null {
  const { settings, accounts, router } = running.config;
  const account = settings === null ? undefined : settingsAccount(settings, accounts, router);
  if (settings === null || account === undefined) return null;
  const addresses = settings.domains
    .filter((domain) => trustedServers(running.config, domain).has(account.domain))
    .map((domain) => `${routerName(router, domain)}@${domain}/router`);
  const builtIn = new BuiltInSettings(
    { file: settings.file, account, routers: addresses, member: running.config.cluster?.member ?? '' },
    { login: (credentials) => programs.login(credentials), limits: running.config.limits, turns, clock, log },
  );
  routers.watch((domain, service, listeners) => {
    if (service === SETTINGS_SERVICE) builtIn.listenersChanged(domain, listeners.keys());
  });
  routerReplaced.add(() => builtIn.routerReplaced());
  return builtIn;
}
