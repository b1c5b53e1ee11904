/** Values of `--log-level`, from most to least. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const OF_OPENSRF = ['silent', 'error', 'warn', 'info', 'debug', 'trace'] as const;

/**
 * The level of `<loglevel>` in opensrf_core.xml: 0 nothing, 1 errors, 2 warnings, 3 information, 4 debugging, 5 everything.
 * @param loglevel Read like OpenSRF: below 0 or not a number is nothing, above 5 is everything, a fraction is dropped.
 */
export function logLevelOfOpensrf(loglevel: number): LogLevel {
  if (Number.isNaN(loglevel)) return 'silent';
  const index = Math.min(Math.max(Math.trunc(loglevel), 0), OF_OPENSRF.length - 1);
  return OF_OPENSRF[index] as LogLevel;
}
