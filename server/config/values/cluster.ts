import { allOf, list } from './lists.ts';
import { refused, type ValueType, valueType } from './value-type.ts';

/** The name of a cluster, which becomes a part of NATS subjects. */
export const CLUSTER_NAME = valueType<string>({
  wants: 'a name of 1 to 32 letters, digits, "_" and "-"',
  read: (text) => (/^[\w-]{1,32}$/.test(text) ? text : null),
});

/** The name of a member; the control interface has `?member=self`. */
export const MEMBER_NAME = valueType<string>({
  wants: 'a name of 1 to 32 letters, digits, "_" and "-", other than "self"',
  read: (text) => (/^(?!self$)[\w-]{1,32}$/.test(text) ? text : null),
});

const WANTS = 'the URL of a NATS server, as tls://HOST:4222 or nats://HOST:4222';

const NATS_URL = valueType<string>({
  wants: WANTS,
  read: (text) => (natsPlace(text) === null ? null : text.replace(/\/$/, '')),
});

const NATS_LIST = list(NATS_URL, { commas: true });

/** URLs of NATS servers, separated by commas or white space. No message shows user information. */
export const NATS_URLS: ValueType<readonly string[]> = {
  ...NATS_LIST,
  parse: (text) => (text.includes('@') ? refused(USER_INFORMATION) : allOf(text.trim().split(/[\s,]+/), (one) => NATS_URL.parse(one))),
  take(given) {
    if (typeof given === 'string') return NATS_URLS.parse(given);
    return Array.isArray(given) && given.some((one) => typeof one === 'string' && one.includes('@')) ? refused(USER_INFORMATION) : NATS_LIST.take(given);
  },
  join(values) {
    const urls = values.flat();
    const twice = urls.find((url, index) => urls.indexOf(url) < index);
    return twice === undefined ? NATS_LIST.join(values) : refused(`${twice} is given twice`);
  },
};

const USER_INFORMATION = 'needs URLs without a user name or password; write these to a file, and name it by --nats-credentials';

/** Where a URL of a NATS server points to. */
export interface NatsPlace {
  readonly tls: boolean;
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
}

const DEFAULT_NATS_PORT = 4222;

/** Reads the URL of a NATS server; null: it is none. */
export function natsPlace(url: string): NatsPlace | null {
  const [, scheme = '', address, name, digits = String(DEFAULT_NATS_PORT)] =
    /^(tls|nats):\/\/(?:\[([\da-f:.]+)\]|([^\s/?#@:[\]]+))(?::(\d{1,5}))?\/?$/i.exec(url) ?? [];
  const host = address ?? name;
  const port = Number(digits);
  return host === undefined || port < 1 || port > 65_535 ? null : { tls: scheme.toLowerCase() === 'tls', host, port };
}
