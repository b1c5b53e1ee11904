import { StanzaError } from '../../shared/errors.ts';
import { isResource } from '../../shared/jid.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { type ChopChopConfig, routerName } from '../config/config.ts';
import type { Accounts } from '../login/accounts.ts';
import type { JabberLogin } from '../osrf/login.ts';
import { type Credentials, LoginError } from '../osrf/login.ts';
import type { Binding } from '../sessions/binding.ts';
import { LocalLink, type LocalLinkEnvironment, type Program, type ProgramPlace } from '../sessions/local-link.ts';

/** The account and role of a program in this process. */
export type ProgramIdentity = Pick<Credentials, 'username' | 'domain' | 'resource'>;

/** The parts of the server that programs of this process need. */
export interface ProgramsEnvironment extends Omit<LocalLinkEnvironment, 'onClosed'> {
  readonly accounts: Accounts;
  readonly binding: Binding;
}

/** The logins of programs in this process: stubs, the built-in settings, the console's calls, a fixture's clients. */
export class Programs {
  private readonly open = new Set<LocalLink>();
  private readonly config: ChopChopConfig;
  private readonly environment: ProgramsEnvironment;
  private readonly linkEnvironment: LocalLinkEnvironment;

  constructor(config: ChopChopConfig, environment: ProgramsEnvironment) {
    const { memory, flusher, clock, limits, counts, log } = environment;
    this.config = config;
    this.environment = environment;
    this.linkEnvironment = { memory, flusher, clock, limits, counts, log, onClosed: (link) => this.closed(link) };
  }

  /** Their links. */
  get links(): ReadonlySet<LocalLink> {
    return this.open;
  }

  /** Logs a program in, by the rules for OpenSRF's clients. @throws LoginError */
  login({ username, domain, password, resource }: Credentials): JabberLogin {
    const jid = `${username}@${domain}/${resource}`;
    if (!this.config.domains.includes(domain)) throw new LoginError(jid, 'host-unknown', true);
    if (!isResource(resource)) throw new LoginError(jid, 'the resource is missing or invalid', true);
    if (!this.environment.accounts.checkPassword(username, domain, password)) throw new LoginError(jid, 'wrong user name or password', true);
    const login = new LocalLogin(jid, this.linkEnvironment);
    this.bind(login.link, { username, domain, resource });
    return login;
  }

  /** Gives a gateway of this process a session for a peer. It has no password; the server vouches for it. @throws LoginError */
  enter(identity: ProgramIdentity, program: Program, place: ProgramPlace): LocalLink {
    const link = new LocalLink(this.linkEnvironment, program, place);
    this.bind(link, identity);
    return link;
  }

  /** Ends all sessions of programs. */
  shutDown(): void {
    for (const link of [...this.open]) link.close('server-stopped', null);
  }

  private bind(link: LocalLink, { username, domain, resource }: ProgramIdentity): void {
    const isRouterAccount = username === routerName(this.config.router, domain);
    const session = this.environment.binding.bindClient(link, { username, domain, resource, isRouterAccount, isVersionless: true });
    if (session instanceof StanzaError) {
      link.account.close();
      throw new LoginError(`${username}@${domain}/${resource}`, session.text, true);
    }
    link.bind(session);
    this.open.add(link);
  }

  private closed(link: LocalLink): void {
    this.open.delete(link);
    this.linkEnvironment.counts.connectionClosed(link);
  }
}

/** A login of a program in this process. */
class LocalLogin implements JabberLogin, Program {
  readonly jid: string;
  readonly link: LocalLink;
  onMessage: (message: Stanza) => void = () => {};
  onIq: (iq: Stanza) => void = () => {};
  onClose: () => void = () => {};

  constructor(jid: string, environment: LocalLinkEnvironment) {
    this.jid = jid;
    this.link = new LocalLink(environment, this);
  }

  get open(): boolean {
    return this.link.open;
  }

  send(stanza: Stanza): void {
    this.link.submit(stanza);
  }

  /** Resolves at once: the server processes a stanza before {@link send} returns. */
  async settled(): Promise<void> {}

  async close(): Promise<void> {
    this.link.close('client-closed', null);
  }

  kill(): void {
    this.link.cut();
  }

  received(stanza: Stanza): void {
    if (stanza.name === 'message') this.onMessage(stanza);
    else if (stanza.name === 'iq') this.onIq(stanza);
  }

  ended(): void {
    this.onClose();
  }
}
