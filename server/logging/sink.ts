/** Where log lines go. */
export interface LogSink {
  /**
   * Takes one line, without its final line feed.
   * @param level pino's number.
   * @returns why it could not; null if it could.
   */
  write(level: number, line: string): string | null;
  /** Resolves when what was taken is out. */
  close(): Promise<void>;
}
