import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ENTRIES, exportedNames, ROOT } from './support/declarations.ts';

/** All names that the package exports, each with the file that declares it. */
const EXPORTED = new Map([...ENTRIES.values()].flatMap((file) => [...exportedNames(file)]));

/** The comment that ends in the line before this one; `''` if there is none. */
function commentBefore(lines: readonly string[], at: number): string {
  if (lines[at - 1]?.trim().endsWith('*/') !== true) return '';
  const start = lines.slice(0, at).findLastIndex((line) => line.trim().startsWith('/**'));
  return lines.slice(start, at).join('\n');
}

/** The errors in the documentation of an exported name and of its members. */
function problemsOf(name: string, file: string): string[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  const at = lines.findIndex((line) => new RegExp(`^export (declare )?(interface|type|function|const) ${name}\\b`).test(line));
  if (at === -1) return [`${name} is not declared in ${file}`];
  const tags = commentBefore(lines, at).match(/@(?:public|beta)\b/g) ?? [];
  return [
    ...(tags.length === 1 ? [] : [`${name}: needs a comment with @public or @beta`]),
    ...membersWithout(lines, at).map((member) => `${name}.${member}: needs a comment`),
  ];
}

/** The members of an interface that have no comment. */
function membersWithout(lines: readonly string[], at: number): string[] {
  if (!lines[at]?.includes(' interface ')) return [];
  const end = lines.indexOf('}', at);
  return lines.flatMap((line, index) => {
    const [, member] = /^ {4}(?:readonly )?(new |\w+|\[Symbol\.\w+\])[?(<:]/.exec(line) ?? [];
    return member !== undefined && index > at && index < end && commentBefore(lines, index) === '' ? [member] : [];
  });
}

test('every export of the package documents its meaning and stability, with its members', () => {
  assert.ok(EXPORTED.size > 50);
  assert.deepEqual(
    [...EXPORTED].flatMap(([name, file]) => problemsOf(name, file)),
    [],
  );
});

test('docs/library.md documents exactly the exported names, with their stability', () => {
  const page = readFileSync(join(ROOT, 'docs/library.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)[^|]*\|.*\| (stable|beta) \|$/gm)].map(([, name, stability]) => `${name} ${stability}`);
  const exported = [...EXPORTED].map(([name, file]) => `${name} ${stabilityOf(name, file)}`);
  assert.deepEqual(rows.sort(), exported.sort());
});

function stabilityOf(name: string, file: string): string {
  const lines = readFileSync(file, 'utf8').split('\n');
  const at = lines.findIndex((line) => new RegExp(`^export .*\\b(interface|type|function|const) ${name}\\b`).test(line));
  return commentBefore(lines, at).includes('@beta') ? 'beta' : 'stable';
}
