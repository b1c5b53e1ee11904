/** The client's first message (RFC 5802 §7): `GS2-HEADER n=USER,r=NONCE`. */
export interface ClientFirst {
  /** As received, with the second comma. */
  readonly gs2Header: string;
  readonly binding: GS2Binding;
  readonly authzid: string;
  readonly authcid: string;
  readonly nonce: string;
  /** The rest after the GS2 header, as received. */
  readonly bare: string;
}

/**
 * The client's channel binding flag (RFC 5802 §6): `n`, unsupported; `y`, supported, but the client believes that the server does not support it; otherwise the
 * type in use.
 */
export type GS2Binding = { readonly flag: 'n' } | { readonly flag: 'y' } | { readonly flag: 'p'; readonly type: string };

/** The client's last message: `c=CHANNEL,r=NONCE,p=PROOF`. */
export interface ClientFinal {
  readonly channel: Buffer;
  readonly nonce: string;
  readonly proof: Buffer;
  /** The part before the proof, as received. */
  readonly withoutProof: string;
}

// RFC 5802 §5.1: an unknown mandatory extension ("m=" before the name) must be refused; it does not match.
const FIRST = /^((?:n|y|p=[A-Za-z0-9.-]+),(?:a=([^,]*))?,)(n=([^,]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,[A-Za-z]=[^,]+)*)$/;
const FINAL = /^(c=([A-Za-z0-9+/=]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,[A-Za-z]=[^,]+)*),p=([A-Za-z0-9+/=]+)$/;

/** @returns null for an invalid message. */
export function parseClientFirst(text: string): ClientFirst | null {
  const match = FIRST.exec(text);
  if (match === null) return null;
  const [, gs2Header, writtenAuthzid = '', bare, writtenName, nonce] = match as unknown as [string, string, string | undefined, string, string, string];
  const authzid = decodeName(writtenAuthzid);
  const authcid = decodeName(writtenName);
  if (authzid === null || authcid === null) return null;
  return { gs2Header, binding: bindingOf(gs2Header), authzid, authcid, nonce, bare };
}

function bindingOf(gs2Header: string): GS2Binding {
  if (gs2Header.startsWith('n')) return { flag: 'n' };
  if (gs2Header.startsWith('y')) return { flag: 'y' };
  return { flag: 'p', type: gs2Header.slice('p='.length, gs2Header.indexOf(',')) };
}

/** @returns null for an invalid message. */
export function parseClientFinal(text: string): ClientFinal | null {
  const match = FINAL.exec(text);
  if (match === null) return null;
  const [, withoutProof, channel, nonce, proof] = match as unknown as [string, string, string, string, string];
  return { withoutProof, channel: Buffer.from(channel, 'base64'), nonce, proof: Buffer.from(proof, 'base64') };
}

/** RFC 5802 §5.1: "," and "=" are written as =2C and =3D; any other "=" is invalid. */
function decodeName(name: string): string | null {
  if (/=(?!2C|3D)/.test(name)) return null;
  return name.replaceAll('=2C', ',').replaceAll('=3D', '=');
}
