import { detached } from '../shared/detach.ts';
import type { Forwarder, Stanza } from '../shared/stanza.ts';
import { unescapeXml } from '../shared/xml.ts';
import type { ServiceNode } from './service-node.ts';

/** The class a request was sent to. */
export interface RequestOwner {
  /** The name of the class. */
  readonly name: string;
  /** The listener's session ended before the request was written to it. */
  unsent(request: RoutedRequest): void;
  /** A node's count of unanswered requests has changed by one. */
  unansweredChanged(node: ServiceNode, before: number): void;
}

// OpenSRF's libraries write a thread without characters that need escaping, so most never get behind the test.
export function threadKey(stanza: Stanza): string {
  return stanza.thread.includes('&') ? unescapeXml(stanza.thread) : stanza.thread;
}

const NUMBER = /(?:"|&quot;)threadTrace(?:"|&quot;)\s*:\s*(?:"|&quot;)?([^\s",&}]{1,20})/g;

/** A stanza has one message, or a few; more numbers are not looked for. */
const MAX_NUMBERS = 64;

/** The numbers of the OpenSRF messages in a stanza. Looked for in its text: a tree of an answer may cost a hundred times as much. */
export function messageNumbers(stanza: Stanza): Set<string> {
  const numbers = new Set<string>();
  for (const [, number] of stanza.inner.matchAll(NUMBER)) if (numbers.add(detached(number as string)).size === MAX_NUMBERS) break;
  return numbers;
}

/** A request on its way to a listener, until somebody answers it or it is given up. */
export class RoutedRequest implements Forwarder {
  readonly owner: RequestOwner;
  /** As the client sent it: addressed to the class. */
  readonly original: Stanza;
  readonly node: ServiceNode;
  /** How many listeners were lost with it after it was written to them. */
  losses: number;
  /** What its client waits for: the thread, references resolved. */
  key: string;
  /** Whether it counts among its node's unanswered requests. */
  open: boolean;
  /** Whether it still refers to the chunk of input it came in. */
  attached: boolean;
  /** Neighbours in the ledger's list, oldest first. */
  previous: RoutedRequest | null;
  next: RoutedRequest | null;

  constructor(owner: RequestOwner, original: Stanza, node: ServiceNode, losses: number) {
    this.owner = owner;
    this.original = original;
    this.node = node;
    this.losses = losses;
    this.key = threadKey(original);
    this.open = false;
    this.attached = true;
    this.previous = null;
    this.next = null;
  }

  returned(): void {
    this.owner.unsent(this);
  }
}
