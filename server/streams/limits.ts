import { xml } from '../../shared/element.ts';
import { NS } from '../../shared/namespaces.ts';

/** XEP-0478 §3. @param maxBytes The most bytes of a stanza. @param idleMs The silence before a ping; 0: none. */
export function streamLimitsXml(maxBytes: number, idleMs: number): string {
  const idle = idleMs === 0 ? '' : xml('idle-seconds', {}, String(Math.ceil(idleMs / 1000)));
  return xml('limits', { xmlns: NS.streamLimits }, xml('max-bytes', {}, String(maxBytes)), idle);
}
