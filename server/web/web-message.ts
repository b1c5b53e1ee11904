import { IncomingMessage } from 'node:http';

/**
 * An HTTP request that only `Upgrade: websocket` makes an upgrade. Node takes any `Upgrade` for one and does not read the body; some clients (Java's, `curl --http2`)
 * offer `h2c` with every request, which a server may ignore (RFC 9110 §7.8).
 */
export class WebMessage extends IncomingMessage {
  private offersUpgrade = false;

  /** Node's parser asks for it once the headers are set. */
  get upgrade(): boolean {
    return this.offersUpgrade && /^websocket$/i.test(this.headers.upgrade ?? '');
  }

  set upgrade(offered: boolean | null) {
    this.offersUpgrade = offered === true;
  }
}
