/** A result whose JSON, written as XML, is longer than this is sent in pieces. */
export const MAX_CHUNK = 51_200;

// The length that OpenSRF adds for each escaped character; its libraries compute the same sum.
const EXTRA: ReadonlyMap<string, number> = new Map([
  ['"', 11],
  ['&', 4],
  ['<', 3],
  ['>', 3],
]);

/** The pieces of a result's JSON, in order; a single one if it is short enough. @param maxChunk 0: never cut. */
export function cutResult(json: string, maxChunk = MAX_CHUNK): string[] {
  const length = lengthOnTheWire(json);
  if (length <= maxChunk || maxChunk === 0) return [json];
  const pieceLength = Math.max(1, Math.floor((maxChunk * json.length) / length));
  const pieces: string[] = [];
  for (let start = 0; start < json.length; start += pieceLength) pieces.push(json.slice(start, start + pieceLength));
  return pieces;
}

function lengthOnTheWire(json: string): number {
  let length = json.length;
  for (const [character, extra] of EXTRA) {
    for (let place = json.indexOf(character); place !== -1; place = json.indexOf(character, place + 1)) length += extra;
  }
  return length;
}
