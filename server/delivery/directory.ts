import type { Endpoint } from '../../shared/endpoint.ts';

/**
 * Endpoints by address. An endpoint at a full JID has only that address; one at a bare JID or a domain
 * also has all addresses below it that have no endpoint of their own.
 */
export class Directory {
  private readonly endpoints = new Map<string, Endpoint>();

  /** The endpoint at exactly that address. */
  get(jid: string): Endpoint | undefined {
    return this.endpoints.get(jid);
  }

  /** Adds an endpoint. @returns false if its address is taken. */
  add(endpoint: Endpoint): boolean {
    const holder = this.endpoints.get(endpoint.jid);
    if (holder !== undefined) return holder === endpoint;
    this.endpoints.set(endpoint.jid, endpoint);
    return true;
  }

  /** Removes the endpoint, unless another one has replaced it. */
  remove(endpoint: Endpoint): void {
    if (this.endpoints.get(endpoint.jid) === endpoint) this.endpoints.delete(endpoint.jid);
  }
}
