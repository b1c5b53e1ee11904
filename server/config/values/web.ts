import { isIP } from 'node:net';
import { isLocalPart, normalizeDomain } from '../../../shared/jid.ts';
import { valueType } from './value-type.ts';

/** The names of networks that `proxy-addr` knows. */
const NETWORK_NAMES: readonly string[] = ['loopback', 'linklocal', 'uniquelocal'];

/** A proxy: an address, a network as `192.0.2.0/24`, or the name of one. */
export const PROXY = valueType<string>({
  wants: `an address, a network as 192.0.2.0/24, or one of ${NETWORK_NAMES.join(', ')}`,
  read: (text) => (NETWORK_NAMES.includes(text) || isNetwork(text) ? text : null),
});

function isNetwork(text: string): boolean {
  const [address = '', bits, more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more !== undefined) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= (version === 4 ? 32 : 128));
}

/** An account without its password, `NAME@DOMAIN`. */
export const ACCOUNT_ADDRESS = valueType<string>({
  wants: 'an account, as NAME@DOMAIN',
  read(text) {
    const at = text.lastIndexOf('@');
    const domain = normalizeDomain(text.slice(at + 1));
    return at > 0 && domain !== null && isLocalPart(text.slice(0, at)) ? `${text.slice(0, at)}@${domain}` : null;
  },
});

/** The name of a service; `*` matches any text. */
export const SERVICE_PATTERN = valueType<string>({
  wants: 'the name of a service, with * for any text',
  read: (text) => (/^[\w.*-]+$/.test(text) ? text : null),
});
