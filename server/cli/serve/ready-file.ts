import { removeOwnFile, writeFileAtomically } from '../../kernel/files.ts';

/** Value of `--ready-file` for standard output. */
const STANDARD_OUTPUT = '-';

/** The signal for programs that wait for the server: a file, a line on standard output, or nothing. */
export class ReadyFile {
  private readonly path: string | null;
  private written = '';

  /** @param path The option's value; null: write nothing. */
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

  /** Removes the file at the end, unless another server has replaced it. */
  remove(): void {
    if (this.path !== null && this.written !== '') removeOwnFile(this.path, this.written);
  }
}
