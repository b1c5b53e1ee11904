import { bodyText } from '../../shared/osrf/read.ts';
import { orderStanza } from '../../shared/osrf/stanzas.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { type ConnectionConfig, type ConnectionValues, DEFAULT_ROUTER_CONNECTION } from '../config/sources/connection.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { JabberClient } from '../osrf/jabber-client.ts';
import { connectionOf, failureOf } from './client-command.ts';

/** The service to drain, and the server's address. */
export interface DrainArguments extends ConnectionValues {
  readonly service: string;
  /** The JID of one listener; `''`: all of the service. */
  readonly listener: string;
  readonly resume: boolean;
}

/** The router and the command for it. */
interface Order extends ConnectionConfig {
  readonly service: string;
  readonly listener: string;
  readonly resume: boolean;
}

const ANSWER_TIMEOUT_MS = 5_000;

/**
 * Stops or resumes new requests to a service of a running server.
 * @returns the result, for the user. @throws CommandError
 */
export async function drain(args: DrainArguments): Promise<string> {
  const { service, listener, resume } = args;
  const order = { ...connectionOf(args, DEFAULT_ROUTER_CONNECTION), service, listener, resume };
  const jabber = await login(order);
  try {
    const answer = await give(jabber, order);
    if (answer.type === 'error') throw refusal(answer, order);
    const count = bodyText(answer);
    const listeners = `${count} listener${count === '1' ? '' : 's'} of ${service}`;
    return resume ? `resumed ${listeners}` : `draining ${listeners}: no new requests; those under way may finish`;
  } finally {
    await jabber.close();
  }
}

async function login(connection: ConnectionConfig): Promise<JabberClient> {
  try {
    return await JabberClient.login({ ...connection, resource: `drain_${process.pid}` });
  } catch (error) {
    throw failureOf(error);
  }
}

function give(jabber: JabberClient, { router, domain, service, listener, resume }: Order): Promise<Stanza> {
  const to = `${router}@${domain}/router`;
  const order = { router: to, sender: jabber.jid, command: resume ? 'resume' : 'drain', className: service } as const;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new CommandError(EXIT.timeout, `${to} did not answer`)), ANSWER_TIMEOUT_MS);
    jabber.onMessage = (message) => {
      clearTimeout(timer);
      resolve(message);
    };
    jabber.send(orderStanza(order, listener));
  });
}

function refusal(answer: Stanza, { service, listener, domain, router }: Order): CommandError {
  const whom = listener === '' ? service : `${listener}, as a listener of ${service},`;
  if (answer.inner.includes('<item-not-found'))
    return new CommandError(EXIT.absent, `nothing to drain: ${whom} is not registered with the router of ${domain}`);
  if (answer.inner.includes('<service-unavailable')) return new CommandError(EXIT.absent, `there is no router ${router}@${domain}`);
  if (answer.inner.includes('<forbidden')) return new CommandError(EXIT.failed, 'only a router account may drain services; see --username');
  return new CommandError(EXIT.failed, `the router of ${domain} refused`);
}
