import { BALANCES } from '../../router/balance/balances.ts';
import { ABSENT_SERVICE_ANSWERS, LISTENER_LOSS_POLICIES } from '../../router/ports/options.ts';
import { DEFAULT_ROUTER_NAME } from './defaults.ts';
import { setting } from './setting.ts';
import { list } from './values/lists.ts';
import { seconds } from './values/numbers.ts';
import { choice, DOMAIN, LOCAL_PART } from './values/texts.ts';
import { NAMES, TRUST } from './values/trust.ts';

const ROUTER = 'Router';
const ROUTER_EXTERNAL = ['allow', 'refuse'] as const;

/** The settings that all routers of a server share. */
export const ROUTER_SETTINGS = {
  'router.name': setting({ option: '', type: LOCAL_PART, group: ROUTER, element: '', fallback: DEFAULT_ROUTER_NAME, describe: 'The account of the routers' }),
  'router.names': setting({
    option: '',
    type: NAMES,
    group: ROUTER,
    element: '',
    fallback: new Map<string, string>(),
    describe: 'The account of the router, by domain',
  }),
  'router.trustedServers': setting({
    option: 'trusted-server',
    type: TRUST,
    group: ROUTER,
    fallback: new Map<string, readonly string[]>(),
    shownDefault: 'all served domains',
    reload: true,
    describe: 'Let sessions of this domain register and query, as DOMAIN or ROUTER-DOMAIN=DOMAIN (repeatable)',
  }),
  'router.trustedClients': setting({
    option: 'trusted-client',
    type: TRUST,
    group: ROUTER,
    fallback: new Map<string, readonly string[]>(),
    shownDefault: 'all served domains',
    reload: true,
    describe: 'Let sessions of this domain send requests, as DOMAIN or ROUTER-DOMAIN=DOMAIN (repeatable)',
  }),
  'router.balance': setting({
    option: 'balance',
    type: choice(BALANCES),
    group: ROUTER,
    fallback: 'round-robin',
    describe: 'Choose the next listener by this strategy',
  }),
  'router.onListenerLoss': setting({
    option: 'on-listener-loss',
    type: choice(LISTENER_LOSS_POLICIES),
    group: ROUTER,
    fallback: 'error',
    describe:
      'When a listener is lost with unanswered requests, answer them with status 503 ("error"), hand them to another listener, so that they may run twice ("reroute"), or let the client wait ("ignore")',
  }),
  'router.lossGraceMs': setting({
    option: 'loss-grace',
    type: seconds(),
    group: ROUTER,
    fallback: 1_000,
    describe: 'Seconds to wait for answers from workers of a lost listener',
  }),
  'router.stuckListenerMs': setting({
    option: 'stuck-listener',
    type: seconds(),
    group: ROUTER,
    fallback: 0,
    describe: 'Seconds without a sign of life from a listener and its workers until its requests count as lost; 0: never',
  }),
  'router.absentService': setting({
    option: 'absent-service',
    type: choice(ABSENT_SERVICE_ANSWERS),
    group: ROUTER,
    fallback: 'status',
    describe: 'Answer a request for a service that is not registered with an OpenSRF status 404, or always with a bounce',
  }),
  'router.holdMs': setting({
    option: 'hold',
    type: seconds(),
    group: ROUTER,
    fallback: 0,
    describe:
      'Seconds to hold a request until an absent service registers; in the 30 s after a crash, requests for services that were registered are held anyway, unless this is set to 0',
  }),
  'router.externalRouter': setting({
    option: 'external-router',
    type: choice(ROUTER_EXTERNAL),
    group: ROUTER,
    fallback: 'allow',
    describe: "Allow or refuse that OpenSRF's own router logs in and takes over from the internal one",
  }),
  'router.peers': setting({
    option: 'peer-router',
    type: list(DOMAIN, { commas: true }),
    group: ROUTER,
    fallback: [],
    describe: 'For a service without a listener, try the router of this other domain of the server (repeatable)',
  }),
} as const;
