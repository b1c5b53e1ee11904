import { type ExtensionForm, extensionAttributes, extensionForm, extensionTag } from '../extension.ts';
import { MAX_THREAD, Stanza } from '../stanza.ts';
import { escapeText } from '../xml.ts';

// A stanza made here has the fields that a reader would find in its XML, so it can be delivered without being written.

const NO_THREAD = '<thread></thread>';
const BODY_END = '</body></message>';

/** The route of a message: address and session. */
export interface Addressing {
  readonly to: string;
  readonly from: string;
  /** OpenSRF's session id, as XML text like {@link Stanza.thread}. */
  readonly thread: string;
  /** `osrf_xid` */
  readonly transactionId: string;
  /** `child` for the stanzas of OpenSRF 3.1 and later. */
  readonly form: ExtensionForm;
}

/** A message as OpenSRF's libraries write it. @param body Plain text. */
export function osrfStanza({ to, from, thread, transactionId, form }: Addressing, body: string): Stanza {
  const stanza = new Stanza('message', to, from, '', '');
  stanza.transactionId = transactionId;
  stanza.thread = thread.length > MAX_THREAD ? '' : thread;
  stanza.rest = `<thread>${thread}</thread><body>${escapeText(body)}${BODY_END}`;
  if (form === 'attributes') {
    stanza.extensionOnStartTag = true;
    stanza.otherAttributes = extensionAttributes('', '', '', transactionId);
    return stanza;
  }
  stanza.extensionStart = 0;
  stanza.head = extensionTag('', '', '', transactionId);
  return stanza;
}

/** An answer to a stanza, from the address that it was sent to and in its form. @param body Plain text. */
export function answerStanza(request: Stanza, transactionId: string, body: string): Stanza {
  const { to, from, thread } = request;
  return osrfStanza({ to: from, from: to, thread, transactionId, form: extensionForm(request) }, body);
}

/** The same with a long body, as XML text in pieces. */
export function answerInPieces(request: Stanza, transactionId: string, pieces: readonly string[]): Stanza {
  return withBody(answerStanza(request, transactionId, ''), pieces);
}

/** A message as OpenSRF's gateways write it: one without a thread has no element for it. @param pieces The body, as XML text. */
export function osrfStanzaInPieces(addressing: Addressing, pieces: readonly string[]): Stanza {
  const stanza = osrfStanza(addressing, '');
  if (addressing.thread === '') stanza.rest = stanza.rest.slice(NO_THREAD.length);
  return withBody(stanza, pieces);
}

function withBody(stanza: Stanza, pieces: readonly string[]): Stanza {
  const bodyEnd = stanza.rest.length - BODY_END.length;
  const [first = '', ...others] = pieces;
  if (others.length === 0) {
    stanza.rest = stanza.rest.slice(0, bodyEnd) + first + BODY_END;
    return stanza;
  }
  stanza.rest = stanza.rest.slice(0, bodyEnd) + first;
  stanza.more = [...others.slice(0, -1), others.at(-1) + BODY_END];
  return stanza;
}

/** A command to a router. */
export interface RouterOrder {
  readonly router: string;
  readonly sender: string;
  readonly command: 'register' | 'unregister' | 'drain' | 'resume';
  readonly className: string;
}

/** A command to a router as OpenSRF's libraries write it. @param body Plain text. */
export function orderStanza({ router, sender, command, className }: RouterOrder, body: string): Stanza {
  const stanza = new Stanza('message', router, sender, '', '');
  stanza.routerClass = className;
  stanza.routerCommand = command;
  stanza.extensionStart = 0;
  stanza.head = extensionTag('', className, command, '');
  stanza.rest = `<body>${escapeText(body)}</body></message>`;
  return stanza;
}

/** A listener's registration with a router, or the end of it. */
export function registrationStanza(command: 'register' | 'unregister', router: string, listener: string, service: string): Stanza {
  return orderStanza({ router, sender: listener, command, className: service }, `${command}ing`);
}
