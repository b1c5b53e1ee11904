import { emitKeypressEvents, type Key } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { writeJson } from '../../shared/osrf/json.ts';
import type { ValuesOf } from '../config/setting.ts';
import { ControlClient } from '../control/control-client.ts';
import { SYSTEM_TIME } from '../kernel/clock.ts';
import type { TOP_OPTIONS } from './client-options.ts';
import { chosenControlFile } from './control-source.ts';
import { outputWidth } from './text/table.ts';
import { type Snapshot, serviceRows, sessionRows } from './text/top-rows.ts';
import { headsOf, servicesTable, sessionsTable, type TopView } from './text/top-table.ts';

/** The arguments of `top`. */
export type TopArguments = ValuesOf<typeof TOP_OPTIONS>;

const ASK_MS = 10_000;
const MOST_SESSIONS = 2_000;
/** `top --once` measures rates over this time. */
const ONCE_MS = 1_000;

const CLEAR = '\u001b[H\u001b[2J';
const HELP = 'q quit   t services or sessions   s next sort key   / filter';

/** Shows services or sessions of a running server as a table that is renewed; plain text where the output is no terminal. @throws CommandError */
export async function top(args: TopArguments, print: (line: string) => void): Promise<void> {
  const client = new ControlClient(await chosenControlFile(args));
  let before = await look(client);
  if (args.once) {
    await wait(ONCE_MS);
    once(args, await look(client), before, print);
    return;
  }
  const screen = new Screen(args);
  screen.show(before, null);
  try {
    while (!screen.left) {
      await screen.pause(args.intervalMs);
      const now = await look(client);
      screen.show(now, before);
      before = now;
    }
  } finally {
    screen.end();
  }
}

function once(args: TopArguments, now: Snapshot, before: Snapshot, print: (line: string) => void): void {
  if (args.json) print(writeJson({ services: serviceRows(now, before), sessions: sessionRows(now, before) }) ?? '{}');
  else for (const line of textOf(now, before, viewOf(args))) print(line);
}

async function look(client: ControlClient): Promise<Snapshot> {
  const get = (path: string) => client.get(`/api/v1/${path}`, ASK_MS) as Promise<Snapshot>;
  const [{ services }, { routers }, { sessions }] = await Promise.all([get('health'), get('routers'), get(`sessions?limit=${MOST_SESSIONS}`)]);
  return { at: SYSTEM_TIME.wallTime(), services, routers, sessions };
}

function viewOf({ sessions, sort, filter }: TopArguments): TopView {
  return {
    table: sessions ? 'sessions' : 'services',
    sort: (sort ?? '').toUpperCase(),
    filter: filter ?? '',
    width: outputWidth(),
    rows: Number.MAX_SAFE_INTEGER,
  };
}

function textOf(now: Snapshot, before: Snapshot | null, view: TopView): string[] {
  return view.table === 'services' ? servicesTable(serviceRows(now, before), view) : sessionsTable(sessionRows(now, before), view);
}

/** The terminal: draws the table, and takes keys. */
class Screen {
  left = false;
  private view: TopView;
  private readonly isTerminal = process.stdout.isTTY === true;
  private typing: string | null = null;
  private shown: [now: Snapshot, before: Snapshot | null] | null = null;
  private wake = new AbortController();
  private readonly onKey = (text: string | undefined, key: Key) => this.pressed(text ?? '', key);

  constructor(args: TopArguments) {
    this.view = viewOf(args);
    if (!process.stdin.isTTY || !this.isTerminal) return;
    emitKeypressEvents(process.stdin);
    process.stdin.setRawMode(true).on('keypress', this.onKey);
  }

  show(now: Snapshot, before: Snapshot | null): void {
    this.shown = [now, before];
    this.draw();
  }

  /** Waits until the next look, or a key that ends it. */
  async pause(ms: number): Promise<void> {
    await wait(ms, undefined, { signal: this.wake.signal }).catch(() => {});
  }

  end(): void {
    if (!process.stdin.isTTY || !this.isTerminal) return;
    process.stdin.off('keypress', this.onKey).setRawMode(false).pause();
  }

  private draw(): void {
    if (this.shown === null) return;
    const rows = this.isTerminal ? Math.max(1, process.stdout.rows - 3) : Number.MAX_SAFE_INTEGER;
    const lines = textOf(...this.shown, { ...this.view, width: outputWidth(), rows });
    const filter = this.typing === null ? `${this.view.filter === '' ? '' : `   filter: ${this.view.filter}`}` : `   filter: ${this.typing}_`;
    const foot = this.isTerminal ? `\n${HELP}${this.view.sort === '' ? '' : `   by ${this.view.sort}`}${filter}` : '\n';
    process.stdout.write(`${this.isTerminal ? CLEAR : ''}${lines.join('\n')}${foot}`);
  }

  private pressed(text: string, { name, ctrl }: Key): void {
    if (ctrl === true && name === 'c') this.leave();
    else if (this.typing === null) this.command(text);
    else this.typed(text, name);
    this.draw();
  }

  private command(text: string): void {
    switch (text) {
      case 'q':
        this.leave();
        return;
      case 't':
        this.view = { ...this.view, table: this.view.table === 'services' ? 'sessions' : 'services', sort: '' };
        return;
      case 's': {
        const heads = headsOf(this.view.table);
        this.view = { ...this.view, sort: heads[(heads.indexOf(this.view.sort) + 1) % heads.length] as string };
        return;
      }
      case '/':
        this.typing = '';
    }
  }

  private typed(text: string, name: string | undefined): void {
    if (this.typing === null) return;
    if (name === 'return' || name === 'escape') {
      this.view = { ...this.view, filter: name === 'return' ? this.typing : '' };
      this.typing = null;
    } else if (name === 'backspace') this.typing = this.typing.slice(0, -1);
    else if (text >= ' ') this.typing += text;
  }

  private leave(): void {
    this.left = true;
    this.wake.abort();
  }
}
