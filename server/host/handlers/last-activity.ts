import { xml } from '../../../shared/element.ts';
import { NS } from '../../../shared/namespaces.ts';
import type { IqHandler, IqRequest } from './handler.ts';

/** XEP-0012 §5: the seconds since the server's start. */
export const LAST_ACTIVITY: IqHandler = { type: 'get', namespace: NS.last, handle: uptime };

function uptime({ facts }: IqRequest): string {
  const seconds = Math.floor((facts.clock.now() - facts.uptime.since) / 1000);
  return xml('query', { xmlns: NS.last, seconds: String(Math.max(0, seconds)) });
}
