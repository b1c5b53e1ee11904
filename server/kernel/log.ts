/** The server's log: lines of an object and a message in the past tense. A pino logger fits. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A log that drops its lines. */
export const SILENT_LOG: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** The log of one part of the server, which each line names, as OpenSRF's programs name their source file. */
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

/** A log that never throws; lines that the given log cannot write are lost. */
export function unfailing(log: Log): Log {
  const at =
    (level: keyof Log) =>
    (fields: object, message: string): void => {
      try {
        log[level](fields, message);
      } catch {
        // There is no other place to report it.
      }
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
