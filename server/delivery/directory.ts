import type { Endpoint } from '../../shared/endpoint.ts';

/**
 * Who is reachable at which address. An endpoint at a full JID has that address alone; one at a bare JID or a domain
 * also has all addresses below it that nobody else has.
 */
export class Directory {
  private readonly endpoints = new Map<string, Endpoint>();

  /** Whoever has exactly that address. */
  get(jid: string): Endpoint | undefined {
    return this.endpoints.get(jid);
  }

  /** True if the endpoint has its address now, false if another has it. */
  add(endpoint: Endpoint): boolean {
    const holder = this.endpoints.get(endpoint.jid);
    if (holder !== undefined) return holder === endpoint;
    this.endpoints.set(endpoint.jid, endpoint);
    return true;
  }

  /** Removes the endpoint, and nobody who has taken its address since. */
  remove(endpoint: Endpoint): void {
    if (this.endpoints.get(endpoint.jid) === endpoint) this.endpoints.delete(endpoint.jid);
  }
}
