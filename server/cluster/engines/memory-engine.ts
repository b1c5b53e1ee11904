import type { Engine, EngineWatcher } from '../link/engine.ts';

/** Carries messages from one engine to the others. */
export interface Carrier {
  carry(from: MemoryEngine, subject: string, payload: Uint8Array): void;
}

/** The engine of one member in memory. */
export class MemoryEngine implements Engine {
  readonly name: string;
  connected = false;
  frozen = false;
  /** Called when its member wants another server. */
  onMoveOn: () => void = () => {};
  private readonly carrier: Carrier;
  private readonly subscriptions = new Map<string, (payload: Uint8Array) => void>();
  private watcher: EngineWatcher | null = null;
  /** Timers that waited while it was frozen, messages to it, and messages from it. */
  private timers: (() => void)[] = [];
  private inbox: (() => void)[] = [];
  private outbox: (() => void)[] = [];

  constructor(name: string, carrier: Carrier) {
    this.name = name;
    this.carrier = carrier;
  }

  async open(watcher: EngineWatcher): Promise<void> {
    this.watcher = watcher;
    this.connect(true);
  }

  publish(subject: string, payload: Uint8Array): void {
    if (!this.connected) return;
    if (this.frozen) this.outbox.push(() => this.carrier.carry(this, subject, payload));
    else this.carrier.carry(this, subject, payload);
  }

  subscribe(subject: string, receive: (payload: Uint8Array) => void): void {
    this.subscriptions.set(subject, receive);
  }

  moveOn(): void {
    this.onMoveOn();
    this.connect(false);
    this.connect(true);
  }

  async close(): Promise<void> {
    this.crash();
  }

  /** Whether a message with this subject comes here. */
  hears(subject: string): boolean {
    return this.connected && this.subscriptions.has(subject);
  }

  deliver(subject: string, payload: Uint8Array): void {
    if (!this.connected) return;
    if (this.frozen) this.inbox.push(() => this.deliver(subject, payload));
    else this.subscriptions.get(subject)?.(payload);
  }

  connect(connected: boolean): void {
    if (this.connected === connected || this.watcher === null) return;
    this.connected = connected;
    if (connected) this.watcher.connected('memory');
    else this.watcher.disconnected();
  }

  /** Runs a timer of its member. */
  run(action: () => void): true {
    if (this.frozen) this.timers.push(action);
    else action();
    return true;
  }

  thaw(): void {
    const { timers, outbox, inbox } = this;
    this.timers = [];
    this.outbox = [];
    this.inbox = [];
    this.frozen = false;
    for (const action of [...timers, ...outbox, ...inbox]) action();
  }

  /** Ends without a word. */
  crash(): void {
    this.connected = false;
    this.watcher = null;
    this.subscriptions.clear();
  }
}
