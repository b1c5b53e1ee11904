import { bodyText } from '../../shared/osrf-message.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { escapeAttribute, escapeText } from '../../shared/xml.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { ConnectError, JabberClient, LoginError } from '../opensrf/jabber-client.ts';

/** Whom to drain, and how to get there. */
export interface DrainArguments {
  readonly service: string;
  /** The JID of one listener; all of the service where it is missing. */
  readonly listener?: string | undefined;
  readonly resume: boolean;
  readonly host: string;
  readonly port: number;
  readonly domain: string;
  readonly username: string;
  readonly password: string;
}

const ANSWER_TIMEOUT_MS = 5_000;

/**
 * Tells the router of a running server to send no new requests to a service (or to send them again).
 * @returns what happened, for the user. @throws CommandError
 */
export async function drain(args: DrainArguments): Promise<string> {
  const jabber = await login(args);
  try {
    const answer = await order(jabber, args);
    if (answer.type === 'error') throw new CommandError(EXIT.failed, refusal(answer, args));
    const count = bodyText(answer);
    const listeners = `${count} listener${count === '1' ? '' : 's'} of ${args.service}`;
    return args.resume ? `resumed ${listeners}` : `draining ${listeners}: no new requests, what is under way may finish`;
  } finally {
    await jabber.close();
  }
}

async function login(args: DrainArguments): Promise<JabberClient> {
  try {
    return await JabberClient.login({ ...args, resource: `drain_${process.pid}` });
  } catch (error) {
    if (error instanceof LoginError) throw new CommandError(EXIT.network, `${error.message}; see --username and --password`);
    if (error instanceof ConnectError) throw new CommandError(EXIT.network, `${error.message}; see --host and --port`);
    throw error;
  }
}

function order(jabber: JabberClient, { username, domain, service, listener, resume }: DrainArguments): Promise<Stanza> {
  const attributes = `router_command='${resume ? 'resume' : 'drain'}' router_class='${escapeAttribute(service)}'`;
  const to = `${username}@${domain}/router`;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new CommandError(EXIT.failed, `${to} did not answer`)), ANSWER_TIMEOUT_MS);
    jabber.onMessage = (message) => {
      clearTimeout(timer);
      resolve(message);
    };
    jabber.send(`<message to='${escapeAttribute(to)}'><opensrf ${attributes}/><thread>drain</thread><body>${escapeText(listener ?? '')}</body></message>`);
  });
}

function refusal(answer: Stanza, { service, listener, domain }: DrainArguments): string {
  if (answer.inner.includes('<item-not-found'))
    return `nothing to drain: ${listener === undefined ? service : `${listener}, as a listener of ${service},`} is not registered with the router of ${domain}`;
  if (answer.inner.includes('<forbidden')) return 'only a router account may do that; see --username';
  return `the router of ${domain} refused`;
}
