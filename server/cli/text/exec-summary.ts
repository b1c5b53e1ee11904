import type { Exchange } from '../../conversations/exchange.ts';
import type { ChopChopFixture } from '../../fixture/fixture.ts';
import { shownMiss } from '../../fixture/recording/replay.ts';
import { shownExchange } from '../../fixture/requests/request-log.ts';
import { LogProtect } from '../../logging/log-protect.ts';
import { oneLine } from './one-line.ts';

/** The most entries shown of each kind. */
const MAX_SHOWN = 10;
const MAX_COMMAND = 80;

/** The summary after a failed command: requests unanswered or refused. */
export function summary(command: readonly string[], exitCode: number, fixture: ChopChopFixture): string {
  const protect = new LogProtect(fixture.server.config.logProtect);
  const all = fixture.received({ type: 'any' });
  const line = (exchange: Exchange) => oneLine(shownExchange(exchange, protect));
  const ofState = (state: Exchange['state']) => all.filter((exchange) => exchange.state === state).map(line);
  const unanswered = [...ofState('open'), ...ofState('abandoned')];
  const answered = all.filter(({ state }) => state === 'complete').length;
  const notRecorded = fixture.notRecorded.map((miss) => oneLine(shownMiss(miss, protect)));
  const lines = [
    `opensrf-chopchop: ${shorten(command.join(' '))} ended with exit code ${exitCode}`,
    `  ${all.length} request${all.length === 1 ? '' : 's'}, ${answered} answered; registered: ${fixture.services().join(', ') || 'nothing'}`,
    ...section('without an answer', unanswered),
    ...section('answered with an error', ofState('refused')),
    ...section('bounced', ofState('bounced')),
    ...section('not in the recording', notRecorded),
  ];
  return `${lines.join('\n')}\n`;
}

function section(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const more = lines.length > MAX_SHOWN ? [`    … and ${lines.length - MAX_SHOWN} more`] : [];
  return [`  ${title}:`, ...lines.slice(0, MAX_SHOWN).map((line) => `    ${line}`), ...more];
}

function shorten(text: string): string {
  const line = oneLine(text);
  return line.length > MAX_COMMAND ? `${line.slice(0, MAX_COMMAND)}…` : line;
}
