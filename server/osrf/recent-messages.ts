import { parseJson, plainText, readClassed, writeJson } from '../../shared/osrf/json.ts';
import type { OsrfMessageType } from '../../shared/osrf/message.ts';

/** A message of a thread, or a bounce. */
export interface ThreadMessage {
  readonly from: string;
  readonly to: string;
  readonly type: OsrfMessageType | 'bounce';
  /** `''` for a bounce. */
  readonly threadTrace: string;
  /** Its data, or the same as JSON of a classed object; the text of a bounce. */
  readonly payload: Readonly<Record<string, unknown>> | string;
}

const MOST = 3;
const MAX_VALUE = 200;

/** The last messages of a thread. They become text only if a request fails. */
export class RecentMessages {
  private readonly kept: ThreadMessage[] = [];

  add(message: ThreadMessage): void {
    if (this.kept.length === MOST) this.kept.shift();
    this.kept.push(message);
  }

  /** Each message as `FROM → TO: TYPE NUMBER CONTENT`. @param protects Whether the parameters of a method are secret. */
  shown(protects: (method: string) => boolean): string[] {
    return this.kept.map(({ from, to, type, threadTrace, payload }) => {
      const content = typeof payload === 'string' && type !== 'bounce' ? readClassed(parseJson(payload))[1] : payload;
      const what = typeof content === 'string' ? content : shownContent(content, protects);
      return `${from} → ${to}: ${[type, threadTrace, what].filter((part) => part !== '').join(' ')}`.replace(/\s+/g, ' ').trimEnd();
    });
  }
}

function shownContent({ method, params, status, statusCode, content }: Readonly<Record<string, unknown>>, protects: (method: string) => boolean): string {
  if (typeof method === 'string') return `${method}(${protects(method) ? '…' : shownValue(params ?? []).replace(/^\[|\]$/g, '')})`;
  if (statusCode === undefined) return '';
  return `${plainText(statusCode)} ${shortened(plainText(status))}${content === undefined ? '' : `: ${shownValue(content)}`}`;
}

function shownValue(value: unknown): string {
  return shortened(writeJson(value) ?? typeof value);
}

function shortened(text: string): string {
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text;
}
