import { NS } from '../../../shared/namespaces.ts';
import type { IqHandler } from './handler.ts';

/** RFC 3921 §3: clients from before RFC 6121 establish a session, of a host or of their own account; there is nothing to do. */
export const SESSION: IqHandler = { type: 'set', namespace: NS.session, handle: () => '' };
