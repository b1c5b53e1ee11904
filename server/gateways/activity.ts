import type { RunningConfig } from '../config/config.ts';
import { type Log, logOfPart, unfailing } from '../kernel/log.ts';
import { LogProtect, REDACTED } from '../logging/log-protect.ts';

/** The maximum length of a line. */
export const MAX_CHARACTERS = 1_000;

/** A log that may have levels, as pino has. */
export interface LeveledLog extends Log {
  isLevelEnabled?(level: string): boolean;
}

/** One call of a browser. */
export interface ActivityCall {
  readonly address: string;
  readonly transactionId: string;
  /** The browser's login, from the JSON gateway's parameter; `''`: none. */
  readonly token: string;
  /** `''` if the line has none. */
  readonly locale: string;
  readonly service: string;
  readonly method: string;
}

/** OpenSRF's activity log: one line for each request of a browser, `[ADDRESS] [] SERVICE METHOD PARAMETERS`. */
export class Activity {
  private readonly log: Log;
  private readonly enabled: () => boolean;
  private readonly running: RunningConfig;
  private prefixes: readonly string[];
  private protect: LogProtect;

  /** @param running A reload changes the methods whose parameters stay secret. */
  constructor(log: LeveledLog, running: RunningConfig) {
    this.log = logOfPart(unfailing(log), 'activity');
    this.enabled = () => log.isLevelEnabled?.('info') ?? true;
    this.running = running;
    this.prefixes = running.config.logProtect;
    this.protect = new LogProtect(this.prefixes);
  }

  /** @param params As JSON, or the browser's invalid text instead. */
  called({ address, transactionId, token, locale, service, method }: ActivityCall, params: readonly string[]): void {
    // Making a line costs more than checking whether the log wants it.
    if (!this.enabled()) return;
    const secret = this.protects(method);
    const shown = secret ? REDACTED : joined(params);
    const head = `[${address}] [${secret ? '' : token}]${locale === '' ? '' : ` [${locale}]`}`;
    const line = `${head} ${service} ${method}${shown === '' ? '' : ` ${shown}`}`;
    this.log.info({ xid: transactionId }, line.length > MAX_CHARACTERS ? `${line.slice(0, MAX_CHARACTERS)}…` : line);
  }

  private protects(method: string): boolean {
    const { logProtect } = this.running.config;
    if (logProtect !== this.prefixes) {
      this.prefixes = logProtect;
      this.protect = new LogProtect(logProtect);
    }
    return this.protect.protects(method);
  }
}

function joined(params: readonly string[]): string {
  let text = '';
  for (const param of params) {
    if (text.length > MAX_CHARACTERS) return text;
    text += `${text === '' ? '' : ', '}${param.slice(0, MAX_CHARACTERS)}`;
  }
  return text;
}
