/** The destination of log lines. */
export interface LogSink {
  /**
   * Writes one line, given without its final line feed.
   * @param level pino's number.
   * @returns the reason of a failure, or null.
   */
  write(level: number, line: string): string | null;
  /** Closes the sink; resolves when all lines are written. */
  close(): Promise<void>;
}
