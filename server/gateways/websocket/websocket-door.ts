import type { ServerResponse } from 'node:http';
import { WebSocketServer } from 'ws';
import type { ServerClock } from '../../kernel/clock.ts';
import type { PendingConnections } from '../../net/pending-connections.ts';
import type { Door, UpgradeRequest, WebRequest } from '../../web/door.ts';
import { type AllowedOrigins, FOREIGN_ORIGIN, mayConnect } from '../../web/origins.ts';
import { answerText, refuseUpgrade } from '../../web/refusals.ts';
import { Browser, type BrowserEnvironment } from './browser.ts';

const PATH = '/osrf-websocket-translator';

/** The WebSocket gateway's dependencies. */
export interface WebSocketDoorEnvironment extends Omit<BrowserEnvironment, 'spoke' | 'settled' | 'left'> {
  readonly clock: ServerClock;
  readonly allowed: AllowedOrigins;
  /** The pending connections of the whole server; a browser counts among them until its first frame. */
  readonly pending: PendingConnections;
}

/** OpenSRF over WebSocket, as `opensrf_ws.js` speaks it. */
export class WebSocketDoor implements Door {
  readonly webSocketPath = PATH;
  private readonly environment: WebSocketDoorEnvironment;
  private readonly ofBrowsers: BrowserEnvironment;
  private readonly webSockets: WebSocketServer;
  private readonly browsers = new Set<Browser>();
  private state: 'open' | 'draining' = 'open';
  private whenSettled: (() => void) | null = null;
  private whenEmpty: (() => void) | null = null;

  constructor(environment: WebSocketDoorEnvironment) {
    const { limits, pending } = environment;
    this.environment = environment;
    this.ofBrowsers = {
      ...environment,
      spoke: (browser) => pending.remove(browser),
      settled: () => this.settled(),
      left: (browser) => this.left(browser),
    };
    this.webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      // The library would check 10 MiB at once.
      skipUTF8Validation: true,
      maxPayload: limits.webRequestBytes,
      handleProtocols: () => false,
    });
  }

  serves(path: string): boolean {
    return path === PATH;
  }

  answer(_request: WebRequest, response: ServerResponse): void {
    answerText(response, 426, 'This is a WebSocket: the gateway of OpenSRF.', { Upgrade: 'websocket', Connection: 'Upgrade' });
  }

  upgrade(request: UpgradeRequest): void {
    const { message, socket, head } = request;
    const { allowed, limits } = this.environment;
    if (!mayConnect(request, allowed)) refuseUpgrade(socket, '403 Forbidden', FOREIGN_ORIGIN);
    else if (this.browsers.size >= limits.webSockets) refuseUpgrade(socket, '503 Service Unavailable', 'There are too many WebSockets (see webSockets).');
    else
      this.webSockets.handleUpgrade(message, socket, head, (webSocket) =>
        this.accept(new Browser(webSocket, socket, request.address, this.ofBrowsers), request),
      );
  }

  checkPeers(): void {
    for (const browser of this.browsers) browser.ping();
  }

  /** Stops taking requests. Resolves when all are answered. */
  async drain(): Promise<void> {
    this.state = 'draining';
    for (const browser of this.browsers) browser.drain();
    if (this.busy) await new Promise<void>((resolve) => (this.whenSettled = resolve));
  }

  /** Closes all WebSockets. Resolves when they are closed. @param restarts Whether browsers may connect again at once. */
  async close(restarts: boolean): Promise<void> {
    const { clock, limits } = this.environment;
    if (this.browsers.size === 0) return;
    for (const browser of this.browsers) browser.sayGoodbye(restarts);
    const timer = clock.after(limits.closeTimeoutMs, () => this.terminateAll());
    await new Promise<void>((resolve) => (this.whenEmpty = resolve));
    timer.cancel();
  }

  private terminateAll(): void {
    for (const browser of this.browsers) browser.terminate();
  }

  private accept(browser: Browser, request: UpgradeRequest): void {
    request.leave();
    this.browsers.add(browser);
    this.environment.pending.add(browser);
  }

  private left(browser: Browser): void {
    this.browsers.delete(browser);
    this.environment.pending.remove(browser);
    if (this.browsers.size === 0) this.whenEmpty?.();
  }

  private settled(): void {
    if (this.state === 'open' || this.busy) return;
    this.whenSettled?.();
  }

  private get busy(): boolean {
    for (const browser of this.browsers) if (browser.busy) return true;
    return false;
  }
}
