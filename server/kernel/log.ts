/** What the server writes about itself: an object and a message in the past tense. pino fits. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A log that drops its lines. */
export const SILENT_LOG: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** The log of one part of the server: each line says who wrote it, where OpenSRF's programs name their source file. */
export function logOfPart(log: Log, part: string): Log {
  return logWith(log, { part });
}

/** A log that adds fields to each line. */
export function logWith(log: Log, more: object): Log {
  return {
    debug: (fields, message) => log.debug({ ...more, ...fields }, message),
    info: (fields, message) => log.info({ ...more, ...fields }, message),
    warn: (fields, message) => log.warn({ ...more, ...fields }, message),
    error: (fields, message) => log.error({ ...more, ...fields }, message),
  };
}

/** A log that never throws: where a line is logged, something has to go on. What the given log fails to write is lost. */
export function unfailing(log: Log): Log {
  const at =
    (level: keyof Log) =>
    (fields: object, message: string): void => {
      try {
        log[level](fields, message);
      } catch {
        // There is no other place to say so.
      }
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
