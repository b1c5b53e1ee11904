import { createHash } from 'node:crypto';

/** Hash functions by the object identifier of a signature algorithm, in hex; MD5 and SHA-1 count as SHA-256 (RFC 5929 §4.1). */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['2a864886f70d010104', 'sha256'], // md5WithRSAEncryption
  ['2a864886f70d010105', 'sha256'], // sha1WithRSAEncryption
  ['2a864886f70d01010e', 'sha224'],
  ['2a864886f70d01010b', 'sha256'],
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2a8648ce3d0401', 'sha256'], // ecdsa-with-SHA1
  ['2a8648ce3d040301', 'sha224'],
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
]);

const OBJECT_IDENTIFIER = 0x06;

/**
 * The channel binding `tls-server-end-point` (RFC 5929 §4): the certificate, hashed by the function of its signature.
 * @param certificate In DER. @returns null if the signature algorithm names no single hash function (Ed25519, RSASSA-PSS).
 */
export function endPointOf(certificate: Buffer): Buffer | null {
  const hash = HASHES.get(signatureAlgorithmOf(certificate));
  return hash === undefined ? null : createHash(hash).update(certificate).digest();
}

/** RFC 5280 §4.1: Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { algorithm OBJECT IDENTIFIER, … }, … } */
function signatureAlgorithmOf(certificate: Buffer): string {
  const toBeSigned = elementAt(certificate, elementAt(certificate, 0).start);
  const algorithm = elementAt(certificate, elementAt(certificate, toBeSigned.end).start);
  return algorithm.tag === OBJECT_IDENTIFIER ? certificate.toString('hex', algorithm.start, algorithm.end) : '';
}

/** The bounds of the content of a DER element (X.690 §8.1). */
function elementAt(der: Buffer, place: number): { tag: number; start: number; end: number } {
  const length = der[place + 1] ?? 0;
  const lengthBytes = length < 0x80 ? 0 : length & 0x7f;
  const start = place + 2 + lengthBytes;
  return { tag: der[place] ?? 0, start, end: start + (lengthBytes === 0 ? length : der.readUIntBE(place + 2, lengthBytes)) };
}
