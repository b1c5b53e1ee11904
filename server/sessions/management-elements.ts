import { xml } from '../../shared/element.ts';
import { NS } from '../../shared/namespaces.ts';

/** The reason for refusing stream management or a resumption (RFC 6120 §8.3.3). */
export type ManagementFailure = 'bad-request' | 'item-not-found' | 'unexpected-request';

/** XEP-0198 §2 */
export const MANAGEMENT_FEATURE = xml('sm', { xmlns: NS.streamManagement });

const MAX_COUNT = 0xffff_ffff;

/** An element of XEP-0198. */
export function managementElement(name: string, attributes: Record<string, string>): string {
  return xml(name, { xmlns: NS.streamManagement, ...attributes });
}

/** XEP-0198 §3, §5 */
export function failedXml(failure: ManagementFailure): string {
  return xml('failed', { xmlns: NS.streamManagement }, xml(failure, { xmlns: NS.stanzaErrors }));
}

/** Parses a number of stanzas, from 0 to 2^32-1 (XEP-0198 §4); null if it is invalid. */
export function countIn(text: string | undefined): number | null {
  const count = text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : MAX_COUNT + 1;
  return count <= MAX_COUNT ? count : null;
}
