/** The widest characters of a text: ASCII; Latin-1; or others, for which V8 uses two bytes per character. */
export type Width = 0 | 1 | 2;

const TWO_BYTE = /[\u0100-\uffff]/;

/** The width of a text. */
export function widthOf(text: string): Width {
  if (Buffer.byteLength(text) === text.length) return 0;
  return TWO_BYTE.test(text) ? 2 : 1;
}

/** The width of two texts together. */
export function wider(one: Width, other: Width): Width {
  return one > other ? one : other;
}
