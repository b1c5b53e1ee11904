import { CLUSTER_BALANCES } from './cluster.ts';
import { setting } from './setting.ts';
import { BOOLEAN } from './values/booleans.ts';
import { CLUSTER_NAME, MEMBER_NAME, NATS_URLS } from './values/cluster.ts';
import { choice, FILE } from './values/texts.ts';

const CLUSTER = 'Cluster';

/** The cluster of several servers, and the NATS servers between them. */
export const CLUSTER_SETTINGS = {
  'cluster.name': setting({
    option: 'cluster',
    type: CLUSTER_NAME,
    group: CLUSTER,
    describe: 'Be a member of the cluster of this name: its members act as one server with one router for each domain',
  }),
  'cluster.member': setting({ option: 'member', type: MEMBER_NAME, group: CLUSTER, describe: 'Have this name in the cluster; each member needs its own' }),
  'cluster.nats': setting({
    option: 'nats',
    type: NATS_URLS,
    group: CLUSTER,
    fallback: [],
    describe: 'Reach the other members through this NATS server, as tls://HOST:4222 (repeatable)',
  }),
  'cluster.credentialsFile': setting({
    option: 'nats-credentials',
    type: FILE,
    group: CLUSTER,
    fallback: '',
    describe: 'Log in to NATS with this file: NATS credentials (.creds), the seed of an nkey, or USER:PASSWORD',
  }),
  'cluster.caFile': setting({
    option: 'nats-ca',
    type: FILE,
    group: CLUSTER,
    fallback: '',
    shownDefault: "Node's authorities",
    describe: 'Verify the certificates of the NATS servers by the authorities in this file (PEM)',
  }),
  'cluster.balance': setting({
    option: 'cluster-balance',
    type: choice(CLUSTER_BALANCES),
    group: CLUSTER,
    fallback: 'all',
    describe: 'Hand requests to the listeners of all members, or to those of this member while one of them can take them',
  }),
  'cluster.required': setting({
    option: 'cluster-required',
    type: BOOLEAN,
    group: CLUSTER,
    fallback: false,
    describe: 'Answer /readyz with 503 while there is no connection to NATS',
  }),
} as const;
