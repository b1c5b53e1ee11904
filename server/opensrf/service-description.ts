import type { Clock } from '../../router/environment.ts';

/** Methods by name. What one returns (or resolves to) is the request's result, nothing is none, and what a generator yields are several; what it throws becomes status 500. */
export type Methods = Readonly<Record<string, (...params: never[]) => unknown>>;

/** Something that happened in a service, as {@link ServiceDescription.onEvent} is told. */
export type ServiceEvent =
  | { readonly kind: 'listener-received'; readonly listener: string; readonly from: string; readonly routerFrom: string; readonly worker: string }
  | { readonly kind: 'worker-received'; readonly worker: string; readonly from: string; readonly type: string };

/** How long a worker waits for the next word of a session before it ends that. */
export interface Keepalive {
  readonly ms: number;
  readonly clock: Clock;
}

/** What a service can do, wherever it runs. */
export interface ServiceDescription {
  readonly service: string;
  readonly methods: Methods;
  readonly workers: number;
  /** The addresses of the routers it registers with: `router@DOMAIN/router`. */
  readonly routers?: readonly string[];
  /** Whose methods they are, for the message that there is no such method: a Perl package. */
  readonly implementation?: string;
  /** Where there is none, a session lasts until its client ends it. */
  readonly keepalive?: Keepalive;
  readonly onEvent?: (event: ServiceEvent) => void;
}
