import { removeOwnFile, writeFileAtomically } from '../../kernel/files.ts';

/** Value of `--ready-file`: a line there. */
const STANDARD_OUTPUT = '-';

/** The signal for programs that wait for the server: a file, a line on standard output, or nothing. */
export class ReadyFile {
  private readonly path: string | null;
  private written = '';

  /** @param path As the option has it; null: nothing is written. */
  constructor(path: string | null) {
    this.path = path;
  }

  /** @param content One line of JSON. @throws CommandError */
  write(content: string): void {
    if (this.path === null) return;
    if (this.path === STANDARD_OUTPUT) {
      process.stdout.write(content);
      return;
    }
    this.written = content;
    writeFileAtomically(this.path, content);
  }

  /** At the end, if it is still ours. */
  remove(): void {
    if (this.path !== null && this.written !== '') removeOwnFile(this.path, this.written);
  }
}
