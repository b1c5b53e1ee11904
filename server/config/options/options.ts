import { BALANCES } from '../../../router/balance/balances.ts';
import { ABSENT_SERVICE_ANSWERS, LISTENER_LOSS_POLICIES } from '../../../router/ports/options.ts';
import { COMPONENT_CONFLICTS, type ComponentConflict, DEFAULT_COMPONENTS } from '../components.ts';
import { DEFAULT_DOMAINS, DEFAULT_HOST, DEFAULT_PORT, DEFAULT_ROUTER, type RouterConfig } from '../config.ts';
import { TRANSPORT_OPTIONS, type TransportArguments } from './transport-options.ts';

/** Lists may be given in one word too, as in an environment variable. */
function splitAtCommas(values: string[] | undefined): string[] | undefined {
  return values?.flatMap((value) => value.split(',')).map((value) => value.trim());
}

/** The options of `serve` that describe the server itself, for yargs. */
export const SERVER_OPTIONS = {
  config: {
    type: 'string',
    requiresArg: true,
    group: 'Server:',
    describe: "OpenSRF's opensrf_core.xml (or a .srfsh.xml): take domains, accounts, ports, routers and trusted domains from it",
  },
  host: {
    type: 'string',
    array: true,
    requiresArg: true,
    coerce: splitAtCommas,
    group: 'Server:',
    describe: 'Address to listen on (repeatable)',
    defaultDescription: `the loopback addresses that the domains have in /etc/hosts, else ${DEFAULT_HOST}`,
  },
  port: { type: 'number', requiresArg: true, group: 'Server:', describe: 'Port to listen on; 0: any free one', defaultDescription: String(DEFAULT_PORT) },
  domain: {
    type: 'string',
    array: true,
    requiresArg: true,
    coerce: splitAtCommas,
    group: 'Server:',
    describe: 'Jabber domain to serve, each with a router (repeatable)',
    defaultDescription: DEFAULT_DOMAINS.join(' '),
  },
  user: {
    type: 'string',
    array: true,
    requiresArg: true,
    group: 'Server:',
    describe: 'Account as NAME:PASSWORD[@DOMAIN], on every domain if none is named (repeatable; replaces the default accounts)',
    defaultDescription: 'opensrf:password and router:password',
  },
  ...TRANSPORT_OPTIONS,
  insecure: {
    type: 'boolean',
    default: false,
    group: 'Server:',
    describe: 'Listen on an address that other machines can reach although an account has the default password',
  },
  limit: {
    type: 'string',
    array: true,
    requiresArg: true,
    coerce: splitAtCommas,
    group: 'Server:',
    describe: 'Limit as NAME=VALUE, as outboxBytes=16MiB (repeatable; --help limits lists them)',
  },
  'with-settings': {
    type: 'string',
    group: 'Settings:',
    describe:
      'Serve opensrf.settings from this opensrf.xml (if none is named, from <settings_config> of --config), while no other service of that name is registered',
  },
  'settings-domain': {
    type: 'string',
    array: true,
    requiresArg: true,
    group: 'Settings:',
    describe: "Domain whose router knows the built-in opensrf.settings (repeatable). Whoever may send requests there can read the file's passwords",
    defaultDescription: 'the first domain',
  },
  'component-port': {
    type: 'number',
    requiresArg: true,
    group: 'Components:',
    describe: 'Port for external components (XEP-0114); 0: any free one',
    defaultDescription: 'none',
  },
  component: {
    type: 'string',
    array: true,
    requiresArg: true,
    group: 'Components:',
    describe: 'Component as DOMAIN:SECRET (repeatable)',
  },
  'component-secret': { type: 'string', requiresArg: true, group: 'Components:', describe: 'Secret of components for all other domains that are not served' },
  'component-conflict': {
    choices: COMPONENT_CONFLICTS,
    default: DEFAULT_COMPONENTS.conflict,
    group: 'Components:',
    describe: 'When a second component comes for a domain: "keep" refuses it, "replace" ends the first',
  },
  balance: { choices: BALANCES, default: DEFAULT_ROUTER.balance, group: 'Router:', describe: 'How the next listener is chosen' },
  'on-listener-loss': {
    choices: LISTENER_LOSS_POLICIES,
    default: DEFAULT_ROUTER.onListenerLoss,
    group: 'Router:',
    describe:
      'Requests a lost listener had read but nobody answered: "error" answers them with status 503, "reroute" hands them to another listener (they may run twice), "ignore" leaves the client waiting',
  },
  'loss-grace': {
    type: 'number',
    requiresArg: true,
    default: DEFAULT_ROUTER.lossGraceMs / 1000,
    group: 'Router:',
    describe: 'Seconds a worker may still answer for its lost listener',
  },
  'absent-service': {
    choices: ABSENT_SERVICE_ANSWERS,
    default: DEFAULT_ROUTER.absentService,
    group: 'Router:',
    describe: 'Answer to a request for a service that is not registered: an OpenSRF status 404, or always a bounce',
  },
  hold: {
    type: 'number',
    requiresArg: true,
    default: DEFAULT_ROUTER.holdMs / 1000,
    group: 'Router:',
    describe: 'Seconds a request waits for an absent service to register',
  },
  'external-router': {
    choices: ['allow', 'refuse'] as const,
    default: DEFAULT_ROUTER.externalRouter,
    group: 'Router:',
    describe: "Whether OpenSRF's own router may log in and take over from the internal one",
  },
  'peer-router': {
    type: 'string',
    array: true,
    requiresArg: true,
    group: 'Router:',
    describe: 'Domain whose router is tried for a service without a listener (repeatable)',
  },
  'trusted-server': {
    type: 'string',
    array: true,
    requiresArg: true,
    group: 'Router:',
    describe: 'Domain that may register and query, as DOMAIN or ROUTER-DOMAIN=DOMAIN (repeatable)',
    defaultDescription: 'all served domains',
  },
  'trusted-client': {
    type: 'string',
    array: true,
    requiresArg: true,
    group: 'Router:',
    describe: 'Domain that may send requests, as DOMAIN or ROUTER-DOMAIN=DOMAIN (repeatable)',
    defaultDescription: 'all served domains',
  },
  'log-protect': {
    type: 'string',
    array: true,
    requiresArg: true,
    group: 'Log:',
    describe: 'Beginning of the names of methods whose parameters are never shown (repeatable); with --config besides those of <log_protect>',
  },
} as const;

/** What yargs makes of {@link SERVER_OPTIONS}. */
export interface ServerArguments extends TransportArguments {
  readonly config?: string | undefined;
  readonly host?: string[] | undefined;
  readonly port?: number | undefined;
  readonly domain?: string[] | undefined;
  readonly user?: string[] | undefined;
  readonly insecure: boolean;
  readonly limit?: string[] | undefined;
  readonly withSettings?: string | undefined;
  readonly settingsDomain?: string[] | undefined;
  readonly componentPort?: number | undefined;
  readonly component?: string[] | undefined;
  readonly componentSecret?: string | undefined;
  readonly componentConflict: ComponentConflict;
  readonly balance: RouterConfig['balance'];
  readonly onListenerLoss: RouterConfig['onListenerLoss'];
  readonly lossGrace: number;
  readonly absentService: RouterConfig['absentService'];
  readonly hold: number;
  readonly externalRouter: RouterConfig['externalRouter'];
  readonly peerRouter?: string[] | undefined;
  readonly trustedServer?: string[] | undefined;
  readonly trustedClient?: string[] | undefined;
  readonly logProtect?: string[] | undefined;
}
