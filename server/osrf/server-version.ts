import { childText, xml } from '../../shared/element.ts';
import { iqStanza } from '../../shared/iq.ts';
import { NS } from '../../shared/namespaces.ts';
import { elementOf } from '../../shared/reader/element-of.ts';
import { clearTimeout, setTimeout } from '../kernel/native.ts';
import type { JabberLogin } from './login.ts';

/** The software of a Jabber server (XEP-0092); `''`: unknown. */
export interface ServerVersion {
  readonly name: string;
  readonly version: string;
  readonly os: string;
}

const ID = 'version';

/** Queries a host for its software. Null without an answer in time: not every server supports the query. */
export function serverVersion(jabber: JabberLogin, domain: string, timeoutMs: number): Promise<ServerVersion | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), timeoutMs);
    jabber.onIq = (iq) => {
      if (iq.id !== ID) return;
      clearTimeout(timer);
      const query = elementOf(iq)?.children.find(({ namespace }) => namespace === NS.version) ?? null;
      const field = (name: string) => childText(query, name) ?? '';
      resolve(iq.type === 'result' ? { name: field('name'), version: field('version'), os: field('os') } : null);
    };
    jabber.send(iqStanza(domain, '', 'get', ID, xml('query', { xmlns: NS.version })));
  });
}
