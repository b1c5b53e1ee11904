import type { Stanza } from '../../shared/stanza.ts';
import type { Guard, Guards } from '../kernel/guard.ts';
import type { Exchange } from './exchange.ts';
import type { ExchangeObserver, UnaskedKind } from './exchange-tap.ts';

interface Guarded {
  readonly observer: ExchangeObserver;
  readonly guard: Guard;
}

/** Combines observers into one that never throws: a failure affects neither the others nor the tap. */
export class ExchangeObservers implements ExchangeObserver {
  private readonly guards: Guards;
  private observers: readonly Guarded[] = [];

  constructor(guards: Guards) {
    this.guards = guards;
  }

  /** @param name A constant, for the log. */
  add(observer: ExchangeObserver, name: string): void {
    const guard = this.guards.create(name, () => (this.observers = this.observers.filter((one) => one.observer !== observer)));
    this.observers = [...this.observers, { observer, guard }];
  }

  asked(exchange: Exchange, stanza: Stanza): void {
    for (const { observer, guard } of this.observers) guard.run(() => observer.asked(exchange, stanza));
  }

  handed(exchange: Exchange): void {
    for (const { observer, guard } of this.observers) guard.run(() => observer.handed(exchange));
  }

  answered(exchange: Exchange, stanza: Stanza, at: number): void {
    for (const { observer, guard } of this.observers) guard.run(() => observer.answered(exchange, stanza, at));
  }

  ended(exchange: Exchange): void {
    for (const { observer, guard } of this.observers) guard.run(() => observer.ended(exchange));
  }

  unasked(kind: UnaskedKind, client: string, thread: string, stanza: Stanza, at: number): void {
    for (const { observer, guard } of this.observers) guard.run(() => observer.unasked(kind, client, thread, stanza, at));
  }
}
