import { StanzaError } from '../shared/errors.ts';
import { extensionForm } from '../shared/extension.ts';
import { osrfStanza } from '../shared/osrf-message.ts';
import type { Stanza } from '../shared/stanza.ts';
import type { RouterEnvironment } from './environment.ts';
import { answerOldQuery } from './queries.ts';
import { parseCommand } from './registration.ts';
import type { Registry } from './registry.ts';
import type { ServiceClass } from './service-class.ts';
import { ServiceNode } from './service-node.ts';

/** What commands leave to their router. */
export interface CommandedRouter {
  /** A class has a listener that takes requests. */
  available(service: ServiceClass): void;
  /** Stops new requests, or lets them pass again. @returns to how many listeners. */
  drain(className: string, listener: string, draining: boolean): number;
}

/** Obeys what trusted sessions tell a router by `router_command`: to register them, to unregister, to drain, and the old queries. */
export class Commands {
  private readonly registry: Registry;
  private readonly maxRegistrations: number;
  private readonly environment: RouterEnvironment;
  private readonly router: CommandedRouter;

  constructor(registry: Registry, maxRegistrations: number, environment: RouterEnvironment, router: CommandedRouter) {
    this.registry = registry;
    this.maxRegistrations = maxRegistrations;
    this.environment = environment;
    this.router = router;
  }

  obey(stanza: Stanza): void {
    const command = parseCommand(stanza);
    switch (command.kind) {
      case 'register':
        this.register(stanza, command.className, command.form);
        return;
      case 'unregister':
        this.unregister(stanza, command.className);
        return;
      case 'drain':
      case 'resume':
        this.drain(stanza, command.className, command.node, command.kind === 'drain');
        return;
      case 'query':
        this.answerOldQuery(stanza, command.subject);
        return;
      case 'invalid':
        this.environment.log.warn(
          { from: stanza.from, class: stanza.routerClass, reason: command.reason, xid: stanza.transactionId },
          'refused a router command',
        );
        this.environment.bounce(stanza, new StanzaError('bad-request', command.reason));
        return;
    }
  }

  private register(stanza: Stanza, className: string, form: ServiceNode['form']): void {
    const { log, clock } = this.environment;
    const { size: registrations, classes } = this.registry;
    const session = stanza.sender;
    if (session === null) return;
    if (registrations >= this.maxRegistrations && classes.get(className)?.nodes.has(stanza.from) !== true) {
      log.warn({ from: stanza.from, class: className, registrations }, 'refused a registration: there are too many');
      this.environment.bounce(stanza, new StanzaError('resource-constraint', `this router has ${registrations} listeners and takes no more`));
      return;
    }
    const service = this.registry.open(className);
    if (service === null) {
      log.warn({ from: stanza.from, class: className, xid: stanza.transactionId }, 'refused a registration: a session has the address of the class');
      this.environment.bounce(stanza, new StanzaError('conflict', `the address of class ${className} is taken`));
      return;
    }
    if (service.nodes.has(stanza.from)) {
      this.router.drain(className, stanza.from, false);
      return;
    }
    const node = new ServiceNode(session, stanza.from, form, clock.wallTime());
    this.registry.add(service, node);
    log.info({ class: className, listener: node.jid, listeners: service.nodes.size }, 'listener registered');
    this.router.available(service);
    this.environment.listenersChanged(className, service.nodes);
  }

  private unregister(stanza: Stanza, className: string): void {
    const service = this.registry.classes.get(className);
    const node = service?.nodes.get(stanza.from);
    if (service === undefined || node === undefined) return;
    this.registry.remove(service, node);
    this.environment.log.info({ class: className, listener: node.jid, listeners: service.nodes.size }, 'listener unregistered');
  }

  private drain(stanza: Stanza, className: string, listener: string, draining: boolean): void {
    if (stanza.sender?.privileged !== true) {
      this.environment.bounce(stanza, new StanzaError('forbidden', 'only a router account may drain a service'));
      return;
    }
    const count = this.router.drain(className, listener, draining);
    if (count === 0) {
      this.environment.bounce(stanza, new StanzaError('item-not-found', `no such listener of class ${className}`));
      return;
    }
    this.environment.log.info({ class: className, listener, by: stanza.from, listeners: count }, draining ? 'draining' : 'draining ended');
    this.answer(stanza, String(count));
  }

  private answerOldQuery(stanza: Stanza, subject: string): void {
    const answer = answerOldQuery(this.registry.classes, subject);
    this.answer(stanza, answer ?? `unknown query "${subject}": ask for "servers" or "classes"`);
  }

  private answer(stanza: Stanza, body: string): void {
    this.environment.deliver(reply(stanza, body));
  }
}

/** The router's own answer to a command or query. The transaction id stays empty, as in the C router's answers. */
export function reply(stanza: Stanza, body: string): Stanza {
  return osrfStanza(stanza.from, stanza.to, extensionForm(stanza), '', stanza.thread, body);
}
