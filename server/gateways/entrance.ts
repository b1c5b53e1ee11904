import { isResource } from '../../shared/jid.ts';
import type { Account } from '../config/account.ts';
import type { Log } from '../kernel/log.ts';
import { type Credentials, LoginError } from '../osrf/login.ts';
import type { LocalLink, Program, ProgramPlace } from '../sessions/local-link.ts';

/** The login of gateways. */
export interface EntranceEnvironment {
  /** The account of all gateway sessions. */
  readonly account: Pick<Account, 'username' | 'domain'>;
  /** The bare JID of the router that browsers reach. */
  readonly router: string;
  /** This machine's name, for the resources of JIDs. */
  readonly hostname: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly log: Log;
  /** @throws LoginError */
  readonly enter: (identity: Pick<Credentials, 'username' | 'domain' | 'resource'>, program: Program, place: ProgramPlace) => LocalLink;
}

/** Opens sessions for gateways. */
export class Entrance {
  private readonly environment: EntranceEnvironment;
  private count = 0;

  constructor(environment: EntranceEnvironment) {
    this.environment = environment;
  }

  /** A session for a gateway's program; null if the server takes no more. */
  enter(program: Program, place: ProgramPlace): LocalLink | null {
    const { account, hostname, startedAt, log, enter } = this.environment;
    const resource = `web_${hostname}_${startedAt / 1_000}_${process.pid}_${++this.count}`;
    try {
      return enter({ ...account, resource }, program, place);
    } catch (error) {
      if (!(error instanceof LoginError)) throw error;
      log.warn({ peer: place.peer, reason: error.message }, 'a web gateway got no session');
      return null;
    }
  }

  /** The address of a service; `''` for an invalid service name. */
  addressOf(service: string): string {
    return isResource(service) ? `${this.environment.router}/${service}` : '';
  }
}
