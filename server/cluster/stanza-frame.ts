import type { Origin } from '../../shared/origin.ts';
import { BOUNCES, Stanza, UNFOLLOWED } from '../../shared/stanza.ts';
import { type Frame, type FrameKind, numberAt, textAt } from './frame.ts';
import { FrameError } from './link/members.ts';

const NAMES = ['message', 'iq', 'presence'];

const NESTED = 4;
const EXTENSION_ON_START_TAG = 8;
const TWO_BYTE = 16;
const ASCII = 32;

/** Return paths up to this one belong to another member. */
const FOREIGN = -2;

/** The return path of a request that a router of another member has handed over. @param returnPath There. */
function foreignPath(returnPath: number): number {
  return returnPath === BOUNCES ? BOUNCES : FOREIGN - Math.max(0, returnPath);
}

/** The return path at the member whose router has handed a request over; {@link BOUNCES} if that is this one. */
export function pathElsewhere(returnPath: number): number {
  if (returnPath > FOREIGN) return BOUNCES;
  return returnPath === FOREIGN ? UNFOLLOWED : FOREIGN - returnPath;
}

/** How often a stanza may go from member to member: one may have a session no longer, and know where it is now. */
export const MOST_HOPS = 3;

/** The place of a stanza's sender, and its way so far. */
export interface StanzaWay {
  /** The receiving session's number at the receiving member; 0: as the stanza's `to` says. */
  readonly target: number;
  /** The sending session's number at its member; 0: a server. */
  readonly sender: number;
  /** The member that has the sending session; `''`: the one that sends the frame. */
  readonly senderMember: string;
  /** The members that it has come through. */
  readonly hops: number;
}

/** A stanza and its way. */
export interface ReceivedStanza extends StanzaWay {
  /** Its return path is that of another member. */
  readonly stanza: Stanza;
  /** As the frame has it. */
  readonly returnPath: number;
}

/**
 * Writes a frame with a stanza; its receiver does not parse it again.
 * @param returnPath Its number in the ledger of the member that sends or receives it.
 */
export function writeStanza(kind: FrameKind, stanza: Stanza, returnPath: number, { target, sender, senderMember, hops }: StanzaWay): string {
  const { to, from, type, id, otherAttributes, routerFrom, routerClass, routerCommand, transactionId, thread, head } = stanza;
  const flags =
    NAMES.indexOf(stanza.name) |
    (stanza.hasNestedStanza ? NESTED : 0) |
    (stanza.extensionOnStartTag ? EXTENSION_ON_START_TAG : 0) |
    (stanza.twoByte ? TWO_BYTE : 0) |
    (stanza.isAscii ? ASCII : 0);
  const rest = stanza.more.length === 0 ? stanza.rest : stanza.rest + stanza.more.join('');
  // As writeFrame would, in a third of the time.
  const lengths = `${to.length},${from.length},${type.length},${id.length},${otherAttributes.length},${routerFrom.length},${routerClass.length},${routerCommand.length},${transactionId.length},${thread.length},${senderMember.length},${head.length},${rest.length}`;
  const texts = to + from + type + id + otherAttributes + routerFrom + routerClass + routerCommand + transactionId + thread + senderMember + head + rest;
  return `${kind}6,${flags},${target},${sender},${hops},${returnPath},${stanza.extensionStart},${lengths};${texts}`;
}

/** Reads it. @throws FrameError */
export function readStanza(frame: Frame): ReceivedStanza {
  const flags = numberAt(frame, 0);
  const name = NAMES[flags & 3];
  if (name === undefined) throw new FrameError('a stanza without a name');
  const stanza = new Stanza(name, textAt(frame, 0), textAt(frame, 1), textAt(frame, 2), textAt(frame, 3));
  stanza.otherAttributes = textAt(frame, 4);
  stanza.routerFrom = textAt(frame, 5);
  stanza.routerClass = textAt(frame, 6);
  stanza.routerCommand = textAt(frame, 7);
  stanza.transactionId = textAt(frame, 8);
  stanza.thread = textAt(frame, 9);
  stanza.head = textAt(frame, 11);
  stanza.rest = textAt(frame, 12);
  stanza.hasNestedStanza = (flags & NESTED) !== 0;
  stanza.extensionOnStartTag = (flags & EXTENSION_ON_START_TAG) !== 0;
  stanza.twoByte = (flags & TWO_BYTE) !== 0;
  stanza.isAscii = (flags & ASCII) !== 0;
  const returnPath = numberAt(frame, 4);
  stanza.returnPath = foreignPath(returnPath);
  stanza.extensionStart = numberAt(frame, 5);
  if (stanza.extensionStart < -1 || stanza.extensionStart > stanza.head.length) throw new FrameError('a stanza with an extension outside its head');
  const hops = numberAt(frame, 3);
  if (hops < 0 || hops > MOST_HOPS + 1) throw new FrameError(`a stanza that came through ${hops} members`);
  return { stanza, returnPath, target: numberAt(frame, 1), sender: numberAt(frame, 2), senderMember: textAt(frame, 10), hops };
}

/** The origin of a sender that has ended meanwhile. */
export function endedOrigin(jid: string, domain: string, account: Origin['account']): Origin {
  return Object.freeze({ jid, fromAttribute: '', domain, isRouterAccount: false, session: 0, account });
}
