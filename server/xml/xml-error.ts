/** An XML file is unusable. The message is one line with the file and the line of the error. */
export class XmlError extends Error {
  override readonly name = 'XmlError';
  /** `file`: it cannot be read; `content`: its content is invalid. */
  readonly fault: 'file' | 'content';
  readonly file: string;
  /** From 1; 0 if the file cannot be read. */
  readonly line: number;
  /** The message without the place. */
  readonly problem: string;

  private constructor(fault: 'file' | 'content', file: string, line: number, problem: string) {
    super(line === 0 ? `${file}: ${problem}` : `${file}:${line}: ${problem}`);
    this.fault = fault;
    this.file = file;
    this.line = line;
    this.problem = problem;
  }

  /** Invalid content in a line. */
  static at(file: string, line: number, problem: string): XmlError {
    return new XmlError('content', file, line, problem);
  }

  /** The file cannot be read. */
  static unreadable(file: string, cause: Error): XmlError {
    return new XmlError('file', file, 0, `cannot be read: ${cause.message}`);
  }
}
