import { ACCOUNTS } from './account.ts';
import { COMPONENT_CONFLICTS, SECRETS } from './components.ts';
import { DEFAULT_DOMAINS, DEFAULT_HOST, DEFAULT_PORT } from './defaults.ts';
import { LIMIT_VALUES } from './limit-values.ts';
import { setting } from './setting.ts';
import { BOOLEAN } from './values/booleans.ts';
import { list } from './values/lists.ts';
import { PORT, PORTS } from './values/numbers.ts';
import { choice, DOMAIN, FILE, orBoolean, secret, text } from './values/texts.ts';

const SERVER = 'Server';
const SETTINGS = 'Settings';
const COMPONENTS = 'Components';

/** The file that may contain the other settings. */
export const FILE_SETTINGS = {
  config: setting({
    option: 'config',
    type: FILE,
    group: SERVER,
    element: '',
    describe: "Read OpenSRF's opensrf_core.xml (or a .srfsh.xml): take domains, accounts, ports, routers and trusted domains from it",
  }),
} as const;

/** Domains, addresses, accounts, limits, the built-in settings and components. */
export const SERVER_SETTINGS = {
  hosts: setting({
    option: 'host',
    type: list(text('an address to listen on'), { commas: true, mayBeEmpty: false }),
    group: SERVER,
    fallback: [DEFAULT_HOST],
    shownDefault: `the loopback addresses that the domains have in /etc/hosts, else ${DEFAULT_HOST}`,
    oldElements: ['listen_address'],
    describe: 'Listen on this address (repeatable)',
  }),
  ports: setting({ option: 'port', type: PORTS, group: SERVER, fallback: [DEFAULT_PORT], describe: 'Listen on this port; 0: any free one' }),
  domains: setting({
    option: 'domain',
    type: list(DOMAIN, { commas: true, mayBeEmpty: false }),
    group: SERVER,
    fallback: DEFAULT_DOMAINS,
    describe: 'Serve this Jabber domain, with a router of its own (repeatable)',
  }),
  accounts: setting({
    option: 'user',
    type: ACCOUNTS,
    group: SERVER,
    shownDefault: 'opensrf:password and router:password',
    reload: true,
    describe: 'Add an account, as NAME:PASSWORD[@DOMAIN]; on every domain if none is named (repeatable; replaces the default accounts)',
  }),
  limits: setting({
    option: 'limit',
    type: LIMIT_VALUES,
    group: SERVER,
    describe: 'Set a limit, as outboxBytes=16MiB (repeatable; --help limits lists them)',
  }),
  'settings.file': setting({
    option: 'with-settings',
    type: orBoolean(text('the name of a file, as /openils/conf/opensrf.xml'), ''),
    group: SETTINGS,
    describe:
      'Serve opensrf.settings from this opensrf.xml (if none is named, from <settings_config> of --config), while no other service of that name is registered',
  }),
  'settings.domains': setting({
    option: 'settings-domain',
    type: list(DOMAIN, { commas: true }),
    group: SETTINGS,
    shownDefault: 'the first domain',
    describe: "Register the built-in opensrf.settings with the router of this domain (repeatable). Its clients can read the file's passwords",
  }),
  'components.port': setting({
    option: 'component-port',
    type: PORT,
    group: COMPONENTS,
    shownDefault: 'none',
    describe: 'Accept external components (XEP-0114) on this port; 0: any free one',
  }),
  'components.secrets': setting({
    option: 'component',
    type: SECRETS,
    group: COMPONENTS,
    fallback: new Map<string, string>(),
    reload: true,
    describe: 'Let a component log in, as DOMAIN:SECRET (repeatable)',
  }),
  'components.secret': setting({
    option: 'component-secret',
    type: secret('a secret'),
    group: COMPONENTS,
    fallback: '',
    oldElements: ['secret'],
    reload: true,
    describe: 'Let components with this secret have any other unserved domain',
  }),
  'components.conflict': setting({
    option: 'component-conflict',
    type: choice(COMPONENT_CONFLICTS),
    group: COMPONENTS,
    fallback: 'keep',
    describe: 'When a second component asks for a domain, refuse it ("keep") or end the first ("replace")',
  }),
} as const;

/** The safeguard against default passwords on open addresses. */
export const EXPOSURE_SETTINGS = {
  insecure: setting({
    option: 'insecure',
    type: BOOLEAN,
    group: SERVER,
    fallback: false,
    describe: 'Listen on an address that other machines can reach although an account has the default password, and reach NATS on other machines without TLS',
  }),
} as const;
