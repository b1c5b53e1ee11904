/** What is wrong with opensrf.xml, in one line. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  /** Whether the file could not be read at all, or what stands in it is wrong. */
  readonly fault: 'file' | 'content';

  private constructor(fault: 'file' | 'content', message: string) {
    super(message);
    this.fault = fault;
  }

  /** The content is wrong, in a certain line. */
  static at(file: string, line: number, problem: string): SettingsError {
    return new SettingsError('content', `${file}:${line}: ${problem}`);
  }

  /** The file cannot be read. */
  static unreadable(file: string, cause: Error): SettingsError {
    return new SettingsError('file', `cannot read ${file}: ${cause.message}`);
  }
}
