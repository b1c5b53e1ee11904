/** Called by an {@link Engine} when its connection changes. */
export interface EngineWatcher {
  /** It has a connection, or another one. @param server The address of the server it is connected to, without user information. */
  connected(server: string): void;
  /** It reconnects by itself. */
  disconnected(): void;
  /** It has given up for good, for example because the server refuses its credentials. */
  failed(error: Error): void;
}

/**
 * Carries messages between the members of a cluster by subject: in order per publisher, at most once. Whatever is published while it is disconnected is lost.
 * NATS is one; a test has one in memory.
 */
export interface Engine {
  /** Whether it has a connection. */
  readonly connected: boolean;
  /** Connects, and goes on trying. Resolves at the first connection. @throws EngineError if the server refuses it or none can be reached. */
  open(watcher: EngineWatcher): Promise<void>;
  publish(subject: string, payload: Uint8Array): void;
  subscribe(subject: string, receive: (payload: Uint8Array) => void): void;
  /** Changes to another server of its list, because a member cannot be reached from this one. It stays if no other server takes it. */
  moveOn(): void;
  /** Writes everything that is published, and closes the connection. */
  close(): Promise<void>;
}

/** An engine cannot work: its servers cannot be reached, or refuse it. */
export class EngineError extends Error {
  override name = 'EngineError';
}
