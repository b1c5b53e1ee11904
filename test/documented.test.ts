import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const INDEX = new URL('../server/index.d.ts', import.meta.url);

const read = (url: URL) => readFileSync(fileURLToPath(url), 'utf8').split('\n');
const isDocumented = (lines: readonly string[], at: number) => lines[at - 1]?.trim().endsWith('*/') === true;

/** What is exported by that name, and the methods and getters of it, as far as they have no documentation. */
function undocumented(name: string, lines: readonly string[]): string[] {
  const at = lines.findIndex((line) => new RegExp(`^export (declare )?(class|interface|type|function|const) ${name}\\b`).test(line));
  assert.notEqual(at, -1, `${name} is declared`);
  const missing = isDocumented(lines, at) ? [] : [name];
  for (let index = at + 1; /class|interface/.test(lines[at] as string) && lines[index] !== '}'; index++) {
    const [, member] = /^ {4}(?:static |get |set )?(\w+|\[Symbol\.\w+\])[(<]/.exec(lines[index] as string) ?? [];
    if (member !== undefined && member !== 'constructor' && !isDocumented(lines, index)) missing.push(`${name}.${member}`);
  }
  return missing;
}

test('everything that the package exports is documented, with its methods', () => {
  const exported = [
    ...read(INDEX)
      .join('\n')
      .matchAll(/export (?:type )?\{([^}]*)\} from '([^']+)'/g),
  ];
  const missing = exported.flatMap(([, names = '', file = '']) => {
    const lines = read(new URL(file.replace(/\.ts$/, '.d.ts'), INDEX));
    return names.split(',').flatMap((name) => undocumented(name.replace('type ', '').trim(), lines));
  });
  assert.ok(exported.length > 10);
  assert.deepEqual(
    missing.filter((name) => !name.startsWith('Log.')),
    [],
  );
});
