import { childText, type Element, text, xml } from '../../shared/element.ts';
import { StanzaError } from '../../shared/errors.ts';
import { isLocalPart, isResource } from '../../shared/jid.ts';
import { NS } from '../../shared/namespaces.ts';
import type { Accounts } from './accounts.ts';
import type { RefusedLogin } from './refused-login.ts';

/** The outcome of a `jabber:iq:auth` set: the identity, or an error. */
export type IqAuthOutcome = { readonly username: string; readonly resource: string } | StanzaError;

/** The fields for a client (XEP-0078 §3.1), the answer to a "get". */
export function iqAuthFieldsXml(username: string): string {
  return xml('query', { xmlns: NS.iqAuth }, xml('username', {}, text(username)), xml('password', {}), xml('digest', {}), xml('resource', {}));
}

/** Checks a `<query xmlns='jabber:iq:auth'>` with credentials (XEP-0078 §3.2, errors by its table 1). */
export function iqAuthLogin(query: Element, domain: string, streamId: string, accounts: Accounts): IqAuthOutcome {
  const username = usernameIn(query);
  const resource = childText(query, 'resource') ?? '';
  const password = childText(query, 'password');
  const digest = childText(query, 'digest')?.trim();
  if (!isLocalPart(username)) return new StanzaError('not-acceptable', 'the username is missing or invalid');
  if (!isResource(resource)) return new StanzaError('not-acceptable', 'the resource is missing or invalid');
  if (password === undefined && digest === undefined) return new StanzaError('not-acceptable', 'password and digest are both missing');
  const known = digest === undefined ? accounts.checkPassword(username, domain, password ?? '') : accounts.checkDigest(username, domain, streamId, digest);
  return known ? { username, resource } : new StanzaError('not-authorized', 'wrong user name or password');
}

/** A refused login, for the log. */
export function refusedIqAuth(query: Element, { condition, text: why }: StanzaError): RefusedLogin {
  // Do not reveal to the client which of the two was wrong; the log has the reason.
  return { username: usernameIn(query), condition, text: condition === 'not-authorized' ? '' : why };
}

function usernameIn(query: Element): string {
  return childText(query, 'username')?.trim() ?? '';
}
