import { xml } from '../../../shared/element.ts';
import { NS } from '../../../shared/namespaces.ts';
import type { IqHandler, IqRequest } from './handler.ts';

/** XEP-0202: the time in UTC, and the offset of the local time zone. */
export const ENTITY_TIME: IqHandler = { type: 'get', namespace: NS.time, handle: time };

function time({ facts }: IqRequest): string {
  const date = new Date(facts.clock.wallTime());
  const utc = date.toISOString().replace(/\.\d+Z$/, 'Z');
  return xml('time', { xmlns: NS.time }, xml('tzo', {}, zoneOffset(-date.getTimezoneOffset())), xml('utc', {}, utc));
}

/** Formats minutes east of Greenwich (XEP-0082). */
function zoneOffset(minutes: number): string {
  if (minutes === 0) return 'Z';
  const hours = String(Math.floor(Math.abs(minutes) / 60)).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${hours}:${String(Math.abs(minutes) % 60).padStart(2, '0')}`;
}
