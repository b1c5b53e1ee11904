/**
 * An address and a port.
 * @public
 */
export interface BoundAddress {
  /** The IP address. */
  readonly host: string;
  /** The port. */
  readonly port: number;
}

/**
 * A WebSocket address.
 * @public
 */
export interface WebSocketAddress extends BoundAddress {
  /** As `ws://127.0.0.1:5280/xmpp-websocket`. */
  readonly url: string;
}

/**
 * The addresses of a server, by protocol. New versions may add protocols.
 * @public
 */
export interface Listening {
  /** XMPP over TCP. */
  readonly c2s: readonly BoundAddress[];
  /** XMPP over TLS from the first byte. */
  readonly tls: readonly BoundAddress[];
  /** Paths of Unix domain sockets. */
  readonly unix: readonly string[];
  /** External components (XEP-0114). */
  readonly components: readonly BoundAddress[];
  /** Streams of other servers. */
  readonly s2s: readonly BoundAddress[];
  /** HTTP for browsers. */
  readonly web: readonly BoundAddress[];
  /** The same over TLS. */
  readonly webTls: readonly BoundAddress[];
  /** WebSockets; those with TLS last. */
  readonly websocket: readonly WebSocketAddress[];
}
