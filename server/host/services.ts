import { platform, release } from 'node:os';
import { type Element, text, xml } from '../../shared/element.ts';
import { StanzaError } from '../../shared/errors.ts';
import { NS } from '../../shared/namespaces.ts';
import { VERSION } from '../version.ts';

/** Answers the payload of an iq to the host: with a payload, nothing, or an error. */
type HostService = (payload: Element, host: string) => string | StanzaError;

const FEATURES = [NS.discoInfo, NS.discoItems, NS.ping, NS.version, NS.iqAuthFeature];

/** By iq type and namespace of the payload. */
export const HOST_SERVICES: ReadonlyMap<string, HostService> = new Map<string, HostService>([
  [`get ${NS.ping}`, () => ''],
  [`get ${NS.version}`, version],
  [`get ${NS.discoInfo}`, discoInfo],
  [`get ${NS.discoItems}`, discoItems],
  // RFC 3921 §3: asked for by clients of the years before RFC 6121, and nothing to do.
  [`set ${NS.session}`, () => ''],
]);

/** XEP-0092 */
function version(): string {
  return xml(
    'query',
    { xmlns: NS.version },
    xml('name', {}, 'opensrf-chopchop'),
    xml('version', {}, text(VERSION)),
    xml('os', {}, text(`${platform()} ${release()}`)),
  );
}

/** XEP-0030 §3 */
function discoInfo(payload: Element): string | StanzaError {
  if (payload.attributes.has('node')) return new StanzaError('item-not-found', 'there are no nodes here');
  const identity = xml('identity', { category: 'server', type: 'im', name: 'opensrf-chopchop' });
  return xml('query', { xmlns: NS.discoInfo }, identity, ...FEATURES.map((feature) => xml('feature', { var: feature })));
}

/** XEP-0030 §4 */
function discoItems(payload: Element): string | StanzaError {
  if (payload.attributes.has('node')) return new StanzaError('item-not-found', 'there are no nodes here');
  return xml('query', { xmlns: NS.discoItems });
}
