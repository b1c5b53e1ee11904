import type { ChopChop } from '../../server/compose/chopchop.ts';
import type { JabberLogin } from '../../server/osrf/login.ts';
import { Stanza } from '../../shared/stanza.ts';
import { Events } from './patience.ts';

/** A program in the process of a server, and the messages that it has received. */
export class LocalClient {
  readonly login: JabberLogin;
  private readonly received: Stanza[] = [];
  private readonly events = new Events();

  constructor(server: ChopChop, domain: string, resource = 'client', username = 'opensrf') {
    this.login = server.login({ username, domain, password: 'password', resource });
    this.login.onMessage = (message) => {
      this.received.push(message);
      this.events.happened();
    };
  }

  /** Sends a message in the thread `t1`. */
  send(to: string, body: string): void {
    const message = new Stanza('message', to, '', '', '');
    message.thread = 't1';
    message.inner = `<thread>t1</thread><body>${body}</body></message>`;
    this.login.send(message);
  }

  /** Resolves when there is a next message, and leaves it. */
  async arrival(): Promise<void> {
    await this.events.until(
      () => this.received.length > 0,
      () => false,
      () => `no message came to ${this.login.jid}`,
    );
  }

  /** The next message. */
  async message(): Promise<string> {
    await this.arrival();
    return (this.received.shift() as Stanza).toXml();
  }
}
