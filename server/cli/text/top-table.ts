import { oneLine } from './one-line.ts';
import { type Column, tableLines } from './table.ts';
import type { ServiceRow, SessionRow } from './top-rows.ts';

interface TopColumn<Row> extends Column {
  /** The member by which the table is sorted: numbers from the largest, texts from A. */
  readonly key: keyof Row;
}

const SERVICES: readonly TopColumn<ServiceRow>[] = [
  { head: 'SERVICE', key: 'service' },
  { head: 'DOMAIN', key: 'domain' },
  { head: 'LISTENERS', key: 'listeners', number: true },
  { head: 'WORKERS', key: 'workers', number: true },
  { head: 'REQ/S', key: 'requestsPerSecond', number: true },
  { head: 'ERR/S', key: 'errorsPerSecond', number: true },
  { head: 'OPEN', key: 'unanswered', number: true },
  { head: 'P50 MS', key: 'p50Ms', number: true },
  { head: 'P95 MS', key: 'p95Ms', number: true },
  { head: 'P99 MS', key: 'p99Ms', number: true },
  { head: 'STATE', key: 'state' },
];

const SESSIONS: readonly TopColumn<SessionRow>[] = [
  { head: 'ROLE', key: 'role' },
  { head: 'PEER', key: 'peer' },
  { head: 'IN/S', key: 'readPerSecond', number: true },
  { head: 'OUT/S', key: 'deliveredPerSecond', number: true },
  { head: 'OUTBOX', key: 'outboxBytes', number: true },
  { head: 'OPEN', key: 'unanswered', number: true },
  { head: 'STATE', key: 'state' },
  { head: 'SESSION', key: 'session' },
];

/** What is shown, and how. */
export interface TopView {
  readonly table: 'services' | 'sessions';
  /** A column's head, or `''`: as the server has them. */
  readonly sort: string;
  /** Only rows with this text in them. */
  readonly filter: string;
  readonly width: number;
  /** The most rows. */
  readonly rows: number;
}

/** The heads of a table's columns, by which it can be sorted. */
export function headsOf(table: TopView['table']): string[] {
  return (table === 'services' ? SERVICES : SESSIONS).map(({ head }) => head);
}

export function servicesTable(rows: readonly ServiceRow[], view: TopView): string[] {
  return linesOf(SERVICES, rows, view);
}

export function sessionsTable(rows: readonly SessionRow[], view: TopView): string[] {
  return linesOf(SESSIONS, rows, view);
}

function linesOf<Row extends object>(columns: readonly TopColumn<Row>[], rows: readonly Row[], view: TopView): string[] {
  const shown = rows.filter((row) => Object.values(row).some((value) => String(value).includes(view.filter)));
  const by = columns.find(({ head }) => head === view.sort);
  const sorted = by === undefined ? shown : [...shown].sort((a, b) => compared(a[by.key], b[by.key]));
  const cells = sorted.slice(0, view.rows).map((row) => columns.map(({ key }) => cell(row[key])));
  return tableLines(columns, cells, view.width);
}

function compared(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : Number(a > b);
  return Number(b) - Number(a);
}

function cell(value: unknown): string {
  if (value === null) return '-';
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : value.toFixed(1);
  return oneLine(String(value));
}
