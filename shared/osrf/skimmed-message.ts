import { DEFAULT_LOCALE, type OsrfMessageType } from './message.ts';

/** An OpenSRF message for an observer: its small members, and the unparsed JSON of the large ones. Texts may be slices of the stanza. */
export interface SkimmedMessage {
  type: OsrfMessageType;
  threadTrace: string;
  locale: string;
  ingress: string;
  apiLevel: number;
  payloadClass: string;
  method: string;
  statusCode: number;
  status: string;
  /** JSON of the parameters; `''` without any. */
  params: string;
  /** JSON of a result's content; `''` without any. */
  content: string;
  /** The approximate number of characters of parameters or content that are left out at the end. */
  leftOut: number;
}

/** A message without a payload. */
export function emptyMessage(type: OsrfMessageType): SkimmedMessage {
  return {
    type,
    threadTrace: '0',
    locale: DEFAULT_LOCALE,
    ingress: '',
    apiLevel: 0,
    payloadClass: '',
    method: '',
    statusCode: 0,
    status: '',
    params: '',
    content: '',
    leftOut: 0,
  };
}
