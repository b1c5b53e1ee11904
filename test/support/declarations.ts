import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the package. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

interface PackageFile {
  readonly types: string;
  readonly typesVersions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
}

/** package.json. */
export const PACKAGE: PackageFile = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** The declarations of each entry of the package, by the entry's name. */
export const ENTRIES: ReadonlyMap<string, string> = new Map(
  Object.entries(PACKAGE.exports).flatMap(([name, target]) => (typeof target === 'string' ? [] : [[name, join(ROOT, target.types)] as const])),
);

/** The dependencies of a declaration file: `./api/client.ts`, or the name of a package. */
export function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const imports = [...text.matchAll(/\b(?:from|import\()\s*['"]([^'"]+)['"]/g), ...text.matchAll(/^import\s+['"]([^'"]+)['"]/gm)];
  return [...imports, ...text.matchAll(/<reference \w+="([^"]+)"/g)].map(([, target]) => target as string);
}

/** All declaration files reachable from one, itself included. A package appears by its name. */
export function reachable(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const target of importsOf(file)) {
    if (target.startsWith('.')) reachable(declarations(file, target), found);
    else found.add(target);
  }
  return found;
}

/** The names that a file of declarations exports, each with the file that declares it. */
export function exportedNames(file: string): Map<string, string> {
  const text = readFileSync(file, 'utf8');
  const named = [...text.matchAll(/export (?:type )?\{([^}]*)\} from '([^']+)'/g)].flatMap(([, names = '', target = '']) =>
    [...names.matchAll(/(?:type )?(\w+)\s*(?:,|$)/g)].map(([, name = '']) => [name, declarations(file, target)] as const),
  );
  const all = [...text.matchAll(/export \* from '([^']+)'/g)].flatMap(([, target = '']) => [...exportedNames(declarations(file, target))]);
  const own = [...text.matchAll(/^export declare const (\w+)/gm)].map(([, name = '']) => [name, file] as const);
  return new Map([...named, ...all, ...own]);
}

/** A path inside the package. */
export function inPackage(file: string): string {
  return relative(ROOT, file);
}

function declarations(from: string, target: string): string {
  return join(dirname(from), target.replace(/\.[jt]s$/, '.d.ts'));
}
