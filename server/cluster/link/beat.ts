import { LEAST_PROTOCOL, PROTOCOL } from './packet.ts';

/** Digests of parts of the configuration that must be the same at all members, by name: domains, accounts, routers, trust. */
export type Digests = ReadonlyMap<string, string>;

/** What a member broadcasts. */
export interface Beat {
  readonly protocol: number;
  readonly leastProtocol: number;
  readonly name: string;
  readonly incarnation: string;
  /** Milliseconds since its start. */
  readonly ageMs: number;
  readonly digests: Digests;
  /** The incarnations that it hears. */
  readonly hears: readonly string[];
}

const NUMBER = /^\d{1,15}$/;
const NAME = /^[A-Za-z0-9_-]{1,32}$/;
const INCARNATION = /^[A-Za-z0-9]{1,32}$/;
const DIGEST = /^[a-z]{1,16}=[A-Za-z0-9+/]{1,64}$/;
/** The longest lists that are read. */
const MOST_DIGESTS = 16;
const MOST_HEARD = 64;

/** Writes a beat of this version. */
export function writeBeat({ name, incarnation, ageMs, digests, hears }: Omit<Beat, 'protocol' | 'leastProtocol'>): string {
  const parts = [...digests].map(([part, digest]) => `${part}=${digest}`);
  return `beat ${PROTOCOL} ${LEAST_PROTOCOL} ${name} ${incarnation} ${Math.floor(ageMs)} ${parts.join(',')} ${hears.join(',')}`;
}

/** Reads a beat; null if it is none. */
export function readBeat(text: string): Beat | null {
  // A later version may have more.
  const fields = text.split(' ', FIELDS);
  if (fields.length !== FIELDS || fields[0] !== 'beat') return null;
  const [, protocol, leastProtocol, name, incarnation, ageMs, digests, hears] = fields as Fields;
  const parts = listOf(digests, DIGEST, MOST_DIGESTS);
  const heard = listOf(hears, INCARNATION, MOST_HEARD);
  const isBeat = NAME.test(name) && INCARNATION.test(incarnation) && [protocol, leastProtocol, ageMs].every((number) => NUMBER.test(number));
  if (!isBeat || parts === null || heard === null) return null;
  return {
    protocol: Number(protocol),
    leastProtocol: Number(leastProtocol),
    name,
    incarnation,
    ageMs: Number(ageMs),
    digests: new Map(parts.map((part) => part.split('=') as [string, string])),
    hears: heard,
  };
}

const FIELDS = 8;
type Fields = [string, string, string, string, string, string, string, string];

/** The items of a list with commas; null if one is wrong or there are too many. */
function listOf(text: string, item: RegExp, most: number): string[] | null {
  const items = text === '' ? [] : text.split(',', most + 1);
  return items.length <= most && items.every((one) => item.test(one)) ? items : null;
}

/** The reason why a member cannot be admitted, as words behind "its"; `''` if it can. */
export function differenceOf(beat: Beat, digests: Digests): string {
  if (beat.leastProtocol > PROTOCOL || beat.protocol < LEAST_PROTOCOL) return `protocol ${beat.protocol} is not ours, ${PROTOCOL}`;
  const parts = [...new Set([...digests.keys(), ...beat.digests.keys()])].filter((part) => digests.get(part) !== beat.digests.get(part));
  return parts.length === 0 ? '' : `${parts.join(' and ')} differ from ours`;
}
