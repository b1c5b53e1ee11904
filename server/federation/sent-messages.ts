import { randomUUID } from 'node:crypto';
import { isStanzaErrorCondition, StanzaError } from '../../shared/errors.ts';
import { NS } from '../../shared/namespaces.ts';
import { bounce } from '../../shared/osrf/bounce.ts';
import { elementOf } from '../../shared/reader/element-of.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { SavedMessage } from './saved-federation.ts';

/** How long a bounce may take. */
const KEPT_MS = 60_000;
const MAX_MESSAGES = 10_000;
const MAX_BYTES = 16 * 1024 * 1024;
/** A longer message is not remembered. */
const MAX_MESSAGE = 256 * 1024;

/**
 * The messages to other servers of the last minute. Prosody's bounces have neither `<thread>` nor body, so that an OpenSRF client cannot know which of its
 * requests has failed.
 */
export class SentMessages {
  /** By id, in order. */
  private readonly messages = new Map<string, { readonly message: Stanza; readonly at: number }>();
  private readonly now: () => number;
  private bytes = 0;

  constructor(now: () => number) {
    this.now = now;
  }

  /** All messages, for another process. */
  save(): SavedMessage<Stanza>[] {
    const now = this.now();
    return Array.from(this.messages.values(), ({ message, at }) => ({ message, ageMs: now - at }));
  }

  restore(messages: readonly SavedMessage<Stanza>[]): void {
    for (const { message, ageMs } of messages) this.keep(message, this.now() - ageMs);
  }

  remember(stanza: Stanza): void {
    if (stanza.type === 'error' || stanza.thread === '' || stanza.length > MAX_MESSAGE) return;
    if (stanza.id === '') stanza.id = randomUUID();
    const message = stanza.copy();
    message.detach();
    this.keep(message, this.now());
    this.forgetOld();
  }

  /** The bounce with the content of its message, if it lacks that. */
  completed(error: Stanza): Stanza {
    const { message } = this.messages.get(error.id) ?? {};
    if (message === undefined || error.thread !== '' || message.to !== error.from) return error;
    const child = elementOf(error)?.children.find(({ name }) => name === 'error');
    const condition = child?.children.find(({ namespace, name }) => namespace === NS.stanzaErrors && name !== 'text')?.name ?? '';
    const text = child?.children.find(({ name }) => name === 'text')?.text ?? '';
    const answer = bounce(message, new StanzaError(isStanzaErrorCondition(condition) ? condition : 'service-unavailable', text));
    if (answer === null) return error;
    answer.to = error.to;
    answer.origin = error.origin;
    return answer;
  }

  private keep(message: Stanza, at: number): void {
    this.forget(message.id);
    this.messages.set(message.id, { message, at });
    this.bytes += message.cost;
  }

  private forgetOld(): void {
    const since = this.now() - KEPT_MS;
    for (const [id, { at }] of this.messages) {
      if (at >= since && this.messages.size <= MAX_MESSAGES && this.bytes <= MAX_BYTES) return;
      this.forget(id);
    }
  }

  private forget(id: string): void {
    const known = this.messages.get(id);
    if (known === undefined) return;
    this.bytes -= known.message.cost;
    this.messages.delete(id);
  }
}
