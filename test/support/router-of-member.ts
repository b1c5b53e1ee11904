import { Ledger } from '../../router/ledger/ledger.ts';
import type { Announcer } from '../../router/ports/announcer.ts';
import type { RouterOptions } from '../../router/ports/options.ts';
import { Router } from '../../router/router.ts';
import { commandXml, FakeEnvironment, type FakeSession, messageXml, ROUTER_OPTIONS, requestBody } from './fakes.ts';

/** Collects what a router announces. */
export class Announcements implements Announcer {
  private readonly lines: string[] = [];

  joined(className: string, { jid, form, draining }: Parameters<Announcer['joined']>[1]): void {
    this.lines.push(`joined ${className} ${jid} ${form}${draining ? ' draining' : ''}`);
  }

  left(className: string, jid: string): void {
    this.lines.push(`left ${className} ${jid}`);
  }

  bounced(className: string, jid: string, _session: number, thread: string): void {
    this.lines.push(`bounced ${className} ${jid} ${thread}`);
  }

  drained(className: string, jid: string, _session: number, draining: boolean): void {
    this.lines.push(`${draining ? 'drained' : 'resumed'} ${className} ${jid}`);
  }

  suspected(className: string, jid: string, _session: number, reason: string): void {
    this.lines.push(`${reason === '' ? 'cleared' : `suspected as ${reason}`} ${className} ${jid}`);
  }

  take(): string[] {
    return this.lines.splice(0);
  }
}

/** A router of one member of a cluster, with a client. */
export function routerOfMember(options: Partial<RouterOptions> = {}) {
  const environment = new FakeEnvironment();
  const announced = new Announcements();
  environment.announcer = announced;
  const ledger = new Ledger({ requests: 1_000, bytes: 1_000_000 }, environment);
  const router = new Router({ ...ROUTER_OPTIONS, ...options }, environment, ledger);
  router.resume();
  const client = environment.login('o@localhost/client');
  const ask = (thread: string, className = 'a') => environment.send(client, messageXml(`router@localhost/${className}`, thread, requestBody(1)));
  const register = (resource: string, className = 'a'): FakeSession => {
    const session = environment.login(`o@localhost/${resource}`);
    environment.send(session, commandXml('register', className));
    return session;
  };
  /** Applies the registration of a session at another member. */
  const apply = (session: FakeSession, className = 'a', draining = false) =>
    router.replica.join(className, { jid: session.jid, form: 'child', since: 1, draining }, session);
  const join = (resource: string, className = 'a', draining = false): FakeSession => {
    const session = environment.login(`o@localhost/${resource}`);
    session.local = false;
    apply(session, className, draining);
    return session;
  };
  const end = (session: FakeSession): void => {
    environment.withdraw(session);
    router.sessionEnded(session.origin.session, session.jid);
  };
  return { environment, announced, ledger, router, client, ask, register, apply, join, end, clock: environment.clock };
}

/** The threads of the stanzas that a session has got since the last call. */
export function threads(session: FakeSession): string[] {
  return session.take().map(({ thread }) => thread);
}
