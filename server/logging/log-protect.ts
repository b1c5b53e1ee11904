import { writeJson } from '../../shared/osrf/json.ts';

/** Replaces hidden parameters in a log. */
export const REDACTED = '**PARAMS REDACTED**';

/** Replaces parameters that cannot be written as JSON. */
const UNWRITABLE = '**PARAMS NOT WRITTEN**';

/**
 * `<log_protect>` of opensrf_core.xml: methods whose parameters must not be logged.
 * As in OpenSRF's C programs, a `<match_string>` is a literal prefix of a method's name (Perl reads it as a regular expression).
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

  /** A call's parameters for a log: JSON without the outer brackets, or {@link REDACTED}, even without parameters. */
  shown(method: string, params: readonly unknown[]): string {
    return this.protects(method) ? REDACTED : (writeJson(params)?.slice(1, -1) ?? UNWRITABLE);
  }
}
