import { NS } from '../../../shared/namespaces.ts';
import type { IqHandler } from './handler.ts';

/** XEP-0199 */
export const PING: IqHandler = { type: 'get', namespace: NS.ping, handle: () => '' };
