import { NS } from '../../../shared/namespaces.ts';
import type { IqHandler } from './handler.ts';

/** RFC 3921 §3: clients older than RFC 6121 establish a session with the host or their own account; the server just confirms it. */
export const SESSION: IqHandler = { type: 'set', namespace: NS.session, handle: () => '' };
