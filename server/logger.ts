import { type Logger, pino } from 'pino';
import type { LogLevel } from './log-levels.ts';

/** Readable lines for a terminal, pino's JSON for everything else; on standard output. */
export async function createLogger(level: LogLevel): Promise<Logger> {
  if (!process.stdout.isTTY) return pino({ level, base: null }, pino.destination({ sync: true }));
  // Loaded here because only a terminal needs it, and it takes longer than the rest of the start.
  const { default: pretty } = await import('pino-pretty');
  return pino({ level, base: null }, pretty({ colorize: true, singleLine: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss', sync: true }));
}
