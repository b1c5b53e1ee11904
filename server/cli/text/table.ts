const GAP = '  ';

/** The minimum width of the last column. */
const LEAST_LAST = 20;

/** The width of text output: the terminal's, or 120 columns. */
export function outputWidth(): number {
  return process.stdout.columns ?? 120;
}

/** A column of a table. */
export interface Column {
  readonly head: string;
  /** Aligns its cells to the right. */
  readonly number?: true;
}

/** The lines of a table; too long a last column is cut. */
export function tableLines(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): string[] {
  const all = [columns.map(({ head }) => head), ...rows];
  const widths = columns.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const start = widths.slice(0, -1).reduce((sum, one) => sum + one + GAP.length, 0);
  return all.map((row) => {
    const cells = row
      .slice(0, -1)
      .map((cell, column) => (columns[column]?.number === true ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)));
    return [...cells, endOf(row.at(-1) as string, Math.max(LEAST_LAST, width - start))].join(GAP);
  });
}

/** The end of a text that is too long: a session's name ends with its process and host. */
export function endOf(text: string, width: number): string {
  return text.length <= width ? text : `…${text.slice(text.length - width + 1)}`;
}
