/** A result whose JSON is longer than this, written as XML, travels in pieces. */
const MAX_CHUNK = 51_200;

// What OpenSRF adds to the length for each character that is escaped on the way; its libraries do the same sum.
const EXTRA: ReadonlyMap<string, number> = new Map([
  ['"', 11],
  ['&', 4],
  ['<', 3],
  ['>', 3],
]);

/** The pieces of a result's JSON, in order; one where it is short enough to travel whole. */
export function cutResult(json: string): string[] {
  const length = lengthOnTheWire(json);
  if (length <= MAX_CHUNK) return [json];
  const pieceLength = Math.floor((MAX_CHUNK * json.length) / length);
  const pieces: string[] = [];
  for (let start = 0; start < json.length; start += pieceLength) pieces.push(json.slice(start, start + pieceLength));
  return pieces;
}

function lengthOnTheWire(json: string): number {
  let length = json.length;
  for (const [character] of json.matchAll(/["&<>]/g)) length += EXTRA.get(character) as number;
  return length;
}
