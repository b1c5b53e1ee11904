import { readFileSync } from 'node:fs';

/** The commands that a page lets its reader type. */
export type Step =
  /** A server that keeps running. */
  | { readonly kind: 'server'; readonly line: string }
  /** A process that ends on demand only. */
  | { readonly kind: 'watcher'; readonly line: string }
  /** Lines of one shell. */
  | { readonly kind: 'script'; readonly line: string };

/** The blocks of a page marked as shell, each with its first line's number, and its lines without comments. */
export function shellBlocks(file: string): { at: number; lines: string[] }[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/^( *)```sh\n([\s\S]*?)^ *```/gm)].map((match) => ({
    at: text.slice(0, match.index).split('\n').length,
    lines: (match[2] as string)
      // Join a continued line.
      .replace(/(&&|\\)\n/g, '$1 ')
      .split('\n')
      .map((line) => line.replace(/\s+# .*$/, '').trim())
      .filter((line) => line !== ''),
  }));
}

/** Parses a block. */
export function stepsOf(lines: readonly string[]): Step[] {
  const steps: Step[] = [];
  for (const line of lines) {
    const last = steps.at(-1);
    const kind = kindOf(line);
    if (kind === 'script' && last?.kind === 'script') steps[steps.length - 1] = { kind, line: `${last.line}\n${line}` };
    else steps.push({ kind, line });
  }
  return steps;
}

function kindOf(line: string): Step['kind'] {
  if (/opensrf-chopchop monitor/.test(line)) return 'watcher';
  const serves = /(?:^|&& )(?:npx )?opensrf-chopchop(?: -|$)/.test(line) && !/--(?:daemon|version|help|check-config)/.test(line);
  return serves ? 'server' : 'script';
}

/** The options of our own program in a line, with its command; excludes the command that `exec` runs. */
export function ownOptions(line: string): { command: string; options: string[] }[] {
  // Docker images have our name, and their own options.
  if (line.startsWith('docker ')) return [];
  return [...line.matchAll(/(?:npx |^|[ (`])opensrf-chopchop((?: [^|)&;`]*)?)/g)].map((match) => {
    const [ours = ''] = (match[1] as string).split(' -- ');
    const [, command = 'serve'] = /^ ([a-z]+)\b/.exec(ours) ?? [];
    return { command, options: [...ours.matchAll(/ (--[a-z][a-z-]*)/g)].map(([, option]) => option as string) };
  });
}
