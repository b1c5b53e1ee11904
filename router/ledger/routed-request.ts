import type { Stanza } from '../../shared/stanza.ts';
import type { ServiceClass } from '../pools/service-class.ts';
import type { NodeRequest, ServiceNode } from '../pools/service-node.ts';
import { type AnswerPart, firstNumber, hasSeveralMessages, lastPart, messageNumbers, partsByNumber, threadKey } from './message-text.ts';

/** Handles lost requests: the router that handed them over. */
export interface LossHandler {
  /** Hands it to another listener, because it was not written to the lost one. */
  handOn(request: RoutedRequest): void;
  /** Hands it to another listener, and counts the loss. */
  reroute(request: RoutedRequest): void;
  /** Its service has answered that it failed. */
  failed(request: RoutedRequest, answer: Stanza): void;
  /** Answers its client that the listener is lost, or the worker that was answering. */
  refuseLost(request: RoutedRequest): void;
}

/** The open requests of one client. */
export interface ClientRequests {
  remove(request: RoutedRequest): void;
  /** Replaces references to the request's text with copies. */
  detach(request: RoutedRequest): void;
}

/** A request that was handed to a listener, until its client has its whole answer or the router gives it up. */
export class RoutedRequest implements NodeRequest {
  /** Its number in the ledger, from 1. */
  readonly number: number;
  /** The class it was sent to. */
  readonly service: ServiceClass;
  /** As the client sent it: addressed to the class. */
  readonly original: Stanza;
  readonly node: ServiceNode;
  /** The number of listeners lost after it was written to them. */
  readonly losses: number;
  readonly handler: LossHandler;
  /** The open requests of its client. */
  readonly threads: ClientRequests;
  /** The thread that its client waits on, references resolved. */
  key: string;
  /** The session number of the worker that has begun to answer; 0: none. */
  worker: number;
  /** Whether its service has answered one of its messages with a status of 300 or more. */
  failed: boolean;
  /** Whether it is in the ledger. */
  open: boolean;
  /** Whether it still refers to the chunk of input it came in. */
  attached: boolean;
  /** Neighbours in the ledger, oldest first. */
  previous: RoutedRequest | null;
  next: RoutedRequest | null;
  /** Neighbours among the requests of its client. */
  olderOfClient: RoutedRequest | null;
  newerOfClient: RoutedRequest | null;
  olderOfNode: NodeRequest | null;
  newerOfNode: NodeRequest | null;
  /** Its first message's number; null: not parsed yet. */
  private first: string | null;
  /** The numbers of its messages without a complete answer; null: not parsed yet. */
  numbers: Set<string> | null;

  constructor(number: number, service: ServiceClass, original: Stanza, node: ServiceNode, losses: number, handler: LossHandler, threads: ClientRequests) {
    this.number = number;
    this.service = service;
    this.original = original;
    this.node = node;
    this.losses = losses;
    this.handler = handler;
    this.threads = threads;
    this.key = threadKey(original);
    this.worker = 0;
    this.failed = false;
    this.open = false;
    this.attached = true;
    this.previous = null;
    this.next = null;
    this.olderOfClient = null;
    this.newerOfClient = null;
    this.olderOfNode = null;
    this.newerOfNode = null;
    this.first = null;
    this.numbers = null;
  }

  /** The numbers (threadTrace) of its messages without a complete answer; none if it holds no OpenSRF message. */
  get openNumbers(): Set<string> {
    this.numbers ??= messageNumbers(this.original);
    return this.numbers;
  }

  /** The numbers of the messages to refuse if it is lost; null: all of them. */
  get refusable(): ReadonlySet<string> | null {
    return hasSeveralMessages(this.original) ? this.openNumbers : null;
  }

  /** Whether a message on its thread, with no other request open there, is part of its answer. */
  isAnsweredBy(stanza: Stanza): boolean {
    this.first ??= firstNumber(this.original);
    const number = firstNumber(stanza);
    // If one side does not speak OpenSRF, the thread decides.
    if (this.first === '' || number === '' || number === this.first) return true;
    for (const other of messageNumbers(stanza)) if (this.openNumbers.has(other)) return true;
    // A listener with a full backlog always answers "request 1", whichever it refuses.
    return stanza.from === this.node.jid && (lastPart(stanza) === 'failed' || lastPart(stanza) === 'final');
  }

  /** Notes an answer. @returns whether all of its messages are now answered completely. */
  takeAnswer(stanza: Stanza): boolean {
    const last = lastPart(stanza);
    if (last === 'other' || this.first === '') return true;
    if (last === 'partial') return false;
    if (!hasSeveralMessages(this.original)) return this.isEndedBy(last);
    for (const [number, part] of partsByNumber(stanza)) if (this.isEndedBy(part)) this.openNumbers.delete(number);
    return this.openNumbers.size === 0;
  }

  private isEndedBy(part: AnswerPart): boolean {
    if (part === 'failed') this.failed = true;
    return part === 'failed' || part === 'final' || (part === 'connected' && !REQUEST.test(this.original.inner));
  }
}

const REQUEST = /(?:"|&quot;)REQUEST(?:"|&quot;)/;
