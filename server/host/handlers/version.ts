import { platform, release } from 'node:os';
import { text, xml } from '../../../shared/element.ts';
import { NS } from '../../../shared/namespaces.ts';
import { VERSION } from '../../kernel/version.ts';
import type { IqHandler } from './handler.ts';

/** XEP-0092 */
export const SOFTWARE_VERSION: IqHandler = { type: 'get', namespace: NS.version, handle: version };

function version(): string {
  const os = `${platform()} ${release()}`;
  return xml('query', { xmlns: NS.version }, xml('name', {}, 'opensrf-chopchop'), xml('version', {}, text(VERSION)), xml('os', {}, text(os)));
}
