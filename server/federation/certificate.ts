import type { X509Certificate } from 'node:crypto';

const HOST_RULES = { subject: 'never', wildcards: true, partialWildcards: false, multiLabelWildcards: false } as const;

/** One name, as Node writes it: quoted if it has special characters, which no domain has. */
const NAME = /(?:, )?([\w ]+):((?:"(?:[^"\\]|\\.)*"|[^,"])*)/y;

/** Whether the certificate is for that domain, by a DNS name or one of the names of XMPP (RFC 6120 §13.7.1.2). */
export function namesDomain(certificate: X509Certificate, domain: string): boolean {
  if (certificate.checkHost(domain, HOST_RULES) !== undefined) return true;
  return xmppNames(certificate.subjectAltName ?? '').some((name) => name === `xmppaddr ${domain}` || name === `srvname _xmpp-server.${domain}`);
}

/** Not by a search: a quoted name may contain the text of another. */
function xmppNames(names: string): string[] {
  const found: string[] = [];
  NAME.lastIndex = 0;
  for (let match = NAME.exec(names); match !== null; match = NAME.exec(names)) {
    const [, kind, value = ''] = match;
    if (kind === 'othername') found.push(value.replace(/::?/, ' ').toLowerCase());
  }
  return found;
}
