import { writeJson } from '../../shared/osrf/json.ts';

/** What stands in a log for parameters that may not be there. */
export const REDACTED = '**PARAMS REDACTED**';

/** What stands there for parameters that make no JSON. */
const UNWRITABLE = '**PARAMS NOT WRITTEN**';

/**
 * `<log_protect>` of opensrf_core.xml: methods whose parameters may not be logged.
 * As in OpenSRF's C programs, a `<match_string>` is the literal beginning of a method's name (Perl takes it for a regular expression, in which a dot is anything).
 */
export class LogProtect {
  private readonly prefixes: readonly string[];

  /** @param matchStrings An empty one protects nothing. */
  constructor(matchStrings: readonly string[]) {
    this.prefixes = matchStrings.filter((prefix) => prefix !== '');
  }

  protects(method: string): boolean {
    return this.prefixes.some((prefix) => method.startsWith(prefix));
  }

  /** A call's parameters as a log may show them: JSON without the outer brackets, or {@link REDACTED}, even if there are none. */
  shown(method: string, params: readonly unknown[]): string {
    return this.protects(method) ? REDACTED : (writeJson(params)?.slice(1, -1) ?? UNWRITABLE);
  }
}
