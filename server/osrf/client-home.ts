/** What a client in the process of its server knows of that server. */
export interface ClientHome {
  /** Whether the parameters of a method are secret. */
  protects(method: string): boolean;
  /** The value that a stub threw at a request, or undefined. */
  thrown(thread: string, threadTrace: string): unknown;
}

/** A server elsewhere, of which nothing is known. */
export const ELSEWHERE: ClientHome = { protects: () => false, thrown: () => undefined };
