import { writeSync } from 'node:fs';
import { Socket } from 'node:net';

/** The version of the format of the state. */
export const HAND_OVER_FORMAT = 1;

/** The formats that this release reads: its own, and that of the one before. */
const READ_FORMATS: readonly number[] = [HAND_OVER_FORMAT];

/** The descriptors of a successor, as its predecessor arranges them. */
export const DESCRIPTORS = { state: 4, keeper: 5, first: 6 } as const;

/** Where a successor finds its {@link Inheritance}. */
export const INHERITANCE = 'CHOPCHOP_INHERITANCE';

/** A listening socket that goes to the successor. */
export interface InheritedListener {
  /** Its purpose, and host and port in the configuration, or its path. */
  readonly key: string;
  /** Where it listens. */
  readonly host: string;
  readonly port: number;
}

/** What a successor knows from the beginning. Its descriptors are those of the listeners, and then those of connections. */
export interface Inheritance {
  readonly format: number;
  readonly listeners: readonly InheritedListener[];
  readonly connections: number;
  /** New sessions have larger numbers. */
  readonly sessionNumber: number;
  /** The port of the control interface; 0: none. */
  readonly controlPort: number;
  /** Whether a process waits for its end: see {@link Keeper}. */
  readonly kept: boolean;
}

/** What a successor says to its predecessor. */
export type SuccessorReport = { readonly ready: number } | { readonly settled: true } | { readonly failure: string };

/** What its predecessor says: its own sockets are closed; or, with a socket, that a listener has accepted it meanwhile. */
export type PredecessorReport = { readonly released: true } | { readonly accepted: number };

/** The last line of the state. */
export const STATE_END = 'end';
const LAST = `\n${STATE_END}\n`;

/** In a successor: the process whose work it takes over. */
export class Predecessor {
  readonly inheritance: Inheritance;
  private pipe: Socket | null = null;
  /** Resolves when the predecessor has closed its sockets. */
  readonly released: Promise<void>;
  /** Takes the sockets that a listener has accepted meanwhile. @param listener Its index. */
  onAccepted: (listener: number, handle: unknown) => void = () => {};

  constructor(inheritance: Inheritance) {
    this.inheritance = inheritance;
    this.released = new Promise((resolve) => {
      process.on('message', (report: PredecessorReport, handle: unknown) => {
        if ('released' in report) resolve();
        else this.onAccepted(report.accepted, handle);
      });
    });
  }

  /** The descriptor of a listener. */
  listener(index: number): number {
    return DESCRIPTORS.first + index;
  }

  connection(index: number): number {
    return DESCRIPTORS.first + this.inheritance.listeners.length + index;
  }

  /** Says that this process is ready. @returns the lines of the state. The process ends if the predecessor does. */
  state(): Promise<string[]> {
    const pipe = new Socket({ fd: DESCRIPTORS.state, readable: true, writable: false });
    this.pipe = pipe;
    const chunks: string[] = [];
    let end = '';
    const lines = new Promise<string[]>((resolve) => {
      pipe.setEncoding('utf8').on('data', (chunk: string) => {
        chunks.push(chunk);
        end = (end + chunk).slice(-LAST.length);
        if (end !== LAST) return;
        pipe.pause();
        resolve(chunks.join('').split('\n').slice(0, -2));
      });
      pipe.on('end', () => process.exit(1)).on('error', () => process.exit(1));
    });
    const { format } = this.inheritance;
    this.report({ ready: READ_FORMATS.includes(format) ? format : HAND_OVER_FORMAT });
    return lines;
  }

  /** Says that this process has taken over, before it reads or writes anything. */
  serve(): void {
    writeSync(DESCRIPTORS.state, 'serving\n');
    this.pipe?.removeAllListeners().destroy();
  }

  /** Says that this process has written its files: the predecessor may end. */
  settled(): void {
    this.report({ settled: true });
    if (process.connected) process.disconnect();
  }

  /** Says why this process does not take over, and ends it. */
  failed(message: string): void {
    if (!process.connected || process.send === undefined) return;
    process.send({ failure: message } satisfies SuccessorReport, undefined, {}, () => process.exit());
  }

  private report(report: SuccessorReport): void {
    if (process.connected) process.send?.(report);
  }
}

const given = process.env[INHERITANCE];
delete process.env[INHERITANCE];

/** The predecessor of this process; null: it was started as usual. */
export const predecessor: Predecessor | null = given === undefined || process.send === undefined ? null : new Predecessor(JSON.parse(given) as Inheritance);
