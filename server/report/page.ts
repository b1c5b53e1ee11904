import { drawOn, h, requestName } from '../console/page/base/dom.js';
import { clock, ms, nameParts, number, outcome } from '../console/page/base/format.js';
import { traceOf } from '../console/page/views/related.js';
import { sequence } from '../console/page/views/sequence.js';
import { consoleStyle } from '../console/style.ts';
import { isFailure } from '../control/trace/outcome.ts';
import type { TraceEntry, TracePayload } from '../control/trace/trace-entry.ts';
import { type Markup, PAPER } from './markup.ts';

/** Everything that a report shows. */
export interface Report {
  /** The place of the report, as `exec prove` or a test's file; `''`: unknown. */
  readonly title: string;
  /** The time of the report, in milliseconds since 1970. */
  readonly at: number;
  /** In chronological order. */
  readonly entries: readonly TraceEntry[];
  /** Lists of other facts, each with its title; an empty one is left out. */
  readonly facts: readonly (readonly [title: string, lines: readonly string[]])[];
}

/** More failed requests have no diagram, and as many of the others have one. */
const MAX_DIAGRAMS = 100;
/** A diagram shows so many related requests at most. */
const MAX_RELATED = 24;
const MAX_PAYLOAD = 20_000;
const WIDTH = 1_100;

/** Without scripts: the page is safe whatever the peers have sent, and works where scripts are forbidden. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

const STYLE =
  '.block{overflow-wrap:anywhere}details{padding:6px 16px;border-top:1px solid var(--line)}summary{cursor:pointer}summary .took,summary .quiet{margin-left:12px}' +
  'ul{list-style:none;padding:0}.bad{color:var(--bad)}h2{margin:24px 0 12px}.scroll{overflow-x:auto}.bar p{color:var(--ink-2)}';

/** The page of a report, complete and without links to other files. */
export function reportPage(report: Report): string {
  drawOn(PAPER);
  const { entries, facts, title, at } = report;
  const failed = entries.filter(hasFailed);
  const others = entries.filter((entry) => !hasFailed(entry));
  const diagrams = new Diagrams(entries);
  const counts = `${number(entries.length)} requests, ${number(failed.length)} failed or unanswered`;
  const heading = [title, counts, new Date(at).toISOString()].filter((part) => part !== '').join(' · ');
  const body = h(
    'body',
    {},
    h('header', { class: 'bar' }, h('h1', {}, 'chopchop'), h('p', {}, heading)),
    h(
      'main',
      {},
      failed.length > 0 ? h('h2', {}, 'Failed and unanswered requests') : null,
      failed.map((entry, index) => failure(entry, index < MAX_DIAGRAMS ? diagrams.of(entry) : null)),
      facts.filter(([, lines]) => lines.length > 0).map(([name, lines]) => fact(name, lines)),
      h('h2', {}, 'Other requests'),
      h(
        'section',
        { class: 'card' },
        others.length === 0 ? h('p', { class: 'block' }, 'None.') : null,
        others.map((entry, index) => row(entry, index >= others.length - MAX_DIAGRAMS ? diagrams.of(entry) : null)),
      ),
    ),
  );
  const meta = (properties: object) => h('meta', properties);
  const head = [
    meta({ charset: 'utf-8' }),
    meta({ 'http-equiv': 'Content-Security-Policy', content: POLICY }),
    meta({ name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    h('title', {}, `${counts} – opensrf-chopchop`),
  ];
  // Our own style sheets have no "</style".
  return `<!doctype html>\n<html lang="en"><head>${head.join('')}<style>${consoleStyle(['style.css', 'views/request.css'])}${STYLE}</style></head>${body}</html>\n`;
}

/** Whether a request needs an explanation; one without an answer does, too. */
function hasFailed({ summary: { outcome: word } }: TraceEntry): boolean {
  return isFailure(word) || word === 'open';
}

/** Sequence diagrams of requests with those related to them. */
class Diagrams {
  private readonly entries: ReadonlyMap<number, TraceEntry>;
  private readonly summaries: readonly TraceEntry['summary'][];
  private readonly routers: ReadonlySet<string>;

  constructor(entries: readonly TraceEntry[]) {
    this.entries = new Map(entries.map((entry) => [entry.summary.id, entry]));
    this.summaries = entries.map(({ summary }) => summary);
    const ofRouters = this.summaries.filter(({ to, service }) => to.endsWith(`/${service}`) || service === 'router');
    this.routers = new Set(ofRouters.map(({ to }) => to.slice(0, to.indexOf('/'))));
  }

  of({ summary }: TraceEntry): Markup {
    const related = traceOf(summary, this.summaries)
      .map(({ request }) => request)
      .sort((a, b) => a.at - b.at);
    const index = related.findIndex(({ id }) => id === summary.id);
    const from = Math.max(0, Math.min(index - MAX_RELATED / 2, related.length - MAX_RELATED));
    const shown = related.slice(from, from + MAX_RELATED).map(({ id }) => this.entries.get(id) as TraceEntry);
    return sequence(shown, summary.id, this.routers, WIDTH);
  }
}

function failure(entry: TraceEntry, diagram: Markup | null): Markup {
  const { summary } = entry;
  return h(
    'article',
    { class: 'card block', id: `request-${summary.id}` },
    h('h3', {}, name(entry)),
    h('p', { class: 'why' }, summary.reason || 'No complete answer.'),
    diagram,
    payloads(entry),
  );
}

function row(entry: TraceEntry, diagram: Markup | null): Markup {
  return h('details', {}, h('summary', {}, name(entry)), diagram, payloads(entry));
}

function name({ summary }: TraceEntry): Markup {
  const { at, durationMs, xid } = summary;
  const how = h('span', { class: isFailure(summary.outcome) ? 'took bad' : 'took' }, ` ${outcome(summary)} ${ms(durationMs)} `);
  return h('span', {}, requestName(nameParts(summary)), how, h('span', { class: 'quiet mono' }, `${clock(at)} ${xid}`));
}

function payloads({ detail: { params, results } }: TraceEntry): Markup {
  return h('div', { class: 'payloads' }, payload('Parameters', params), payload('Results', results));
}

function payload(title: string, { json, length }: TracePayload): Markup {
  const cut = Math.max(length, json.length) > MAX_PAYLOAD ? `… (${number(length)} characters)` : '';
  return h('section', {}, h('h3', {}, title), h('pre', { class: 'payload' }, json.slice(0, MAX_PAYLOAD) + cut));
}

function fact(title: string, lines: readonly string[]): Markup {
  return h(
    'section',
    {},
    h('h2', {}, title),
    h(
      'ul',
      { class: 'card block mono' },
      lines.map((line) => h('li', {}, line)),
    ),
  );
}
