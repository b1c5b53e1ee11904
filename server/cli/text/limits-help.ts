import { readableDefault } from '../../config/limit-values.ts';
import { LIMITS } from '../../config/limits.ts';

/** The output of `--help limits`. @param width The width of the terminal, in characters. */
export function limitsHelp(width: number): string {
  const limits = Object.entries(LIMITS).map(([name, limit]) => [name, limit.unit, readableDefault(limit), limit.effect] as const);
  const rows = [['LIMIT', 'UNIT', 'DEFAULT', 'BOUND, AND EFFECT BEYOND IT'] as const, ...limits];
  const widths = ([0, 1, 2] as const).map((column) => Math.max(...rows.map((row) => row[column].length)) + 2) as [number, number, number];
  const indent = widths[0] + widths[1] + widths[2];
  const lines = rows.flatMap(([name, unit, value, effect]) => {
    const [first = '', ...more] = wrapped(effect, Math.max(30, width - indent));
    return [name.padEnd(widths[0]) + unit.padEnd(widths[1]) + value.padEnd(widths[2]) + first, ...more.map((line) => ' '.repeat(indent) + line)];
  });
  return [...lines, '', 'Set one with --limit NAME=VALUE (repeatable), OPENSRF_CHOPCHOP_LIMIT=NAME=VALUE,… or <chopchop><limit>NAME=VALUE</limit>.', ''].join(
    '\n',
  );
}

/** Breaks a text into lines. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
