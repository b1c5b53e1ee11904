import { bodyText, parseOsrfMessages } from '../shared/osrf-message.ts';
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

/** The numbers of the OpenSRF messages in a stanza. */
export function messageNumbers(stanza: Stanza): string[] {
  return (parseOsrfMessages(bodyText(stanza)) ?? []).map((message) => message.threadTrace);
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
  /** The numbers of the messages in it; null until somebody asks. */
  private numbers: string[] | null;

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
    this.numbers = null;
  }

  /** Whether one of its messages has one of these numbers (threadTrace). */
  hasNumberOf(numbers: readonly string[]): boolean {
    this.numbers ??= messageNumbers(this.original);
    return this.numbers.some((number) => numbers.includes(number));
  }

  returned(): void {
    this.owner.unsent(this);
  }
}
