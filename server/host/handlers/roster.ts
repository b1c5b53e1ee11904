import { xml } from '../../../shared/element.ts';
import { StanzaError } from '../../../shared/errors.ts';
import { NS } from '../../../shared/namespaces.ts';
import type { IqHandler } from './handler.ts';

/** RFC 6121 §2.1.4: an empty roster. */
export const ROSTER_GET: IqHandler = { type: 'get', namespace: NS.roster, handle: () => xml('query', { xmlns: NS.roster }) };

/** RFC 6121 §2.1.5 */
export const ROSTER_SET: IqHandler = {
  type: 'set',
  namespace: NS.roster,
  handle: () => new StanzaError('not-allowed', 'this server stores no rosters'),
};
