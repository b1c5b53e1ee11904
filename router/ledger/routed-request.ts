import { detached } from '../../shared/detach.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { unescapeXml } from '../../shared/xml.ts';
import type { ServiceClass } from '../pools/service-class.ts';
import type { NodeRequest, ServiceNode } from '../pools/service-node.ts';

// OpenSRF's libraries write a thread without characters that need escaping, so most never get behind the test.
export function threadKey(stanza: Stanza): string {
  return stanza.thread.includes('&') ? unescapeXml(stanza.thread) : stanza.thread;
}

const NUMBER = /(?:"|&quot;)threadTrace(?:"|&quot;)\s*:\s*(?:"|&quot;)?([^\s",&}]{1,20})/g;

/** A stanza has one message, or a few; more numbers are not looked for. */
const MAX_NUMBERS = 64;

/** The numbers (threadTrace) of the OpenSRF messages in a stanza. Looked for in its text: a tree of an answer may cost a hundred times as much. */
export function messageNumbers(stanza: Stanza): Set<string> {
  const numbers = new Set<string>();
  for (const [, number] of stanza.inner.matchAll(NUMBER)) if (numbers.add(detached(number as string)).size === MAX_NUMBERS) break;
  return numbers;
}

/** A request that was handed to a listener, until its client is answered or the router gives it up. */
export class RoutedRequest implements NodeRequest {
  /** Its number in the ledger, from 1. */
  readonly number: number;
  /** The class it was sent to. */
  readonly service: ServiceClass;
  /** As the client sent it: addressed to the class. */
  readonly original: Stanza;
  readonly node: ServiceNode;
  /** How many listeners were lost with it after it was written to them. */
  losses: number;
  /** What its client waits for: the thread, references resolved. */
  key: string;
  /** Whether it is in the ledger. */
  open: boolean;
  /** Whether it still refers to the chunk of input it came in. */
  attached: boolean;
  /** Neighbours in the ledger, oldest first. */
  previous: RoutedRequest | null;
  next: RoutedRequest | null;
  olderOfNode: NodeRequest | null;
  newerOfNode: NodeRequest | null;

  constructor(number: number, service: ServiceClass, original: Stanza, node: ServiceNode, losses: number) {
    this.number = number;
    this.service = service;
    this.original = original;
    this.node = node;
    this.losses = losses;
    this.key = threadKey(original);
    this.open = false;
    this.attached = true;
    this.previous = null;
    this.next = null;
    this.olderOfNode = null;
    this.newerOfNode = null;
  }
}
