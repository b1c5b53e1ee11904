import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { temporaryFolder } from './command.ts';
import { ROOT } from './declarations.ts';

/** @returns A folder in which the package is installed as it is published, with the packages of this project beside it. */
export async function installedPackage(t: TestContext): Promise<string> {
  const folder = temporaryFolder(t);
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  for (const name of readdirSync(join(ROOT, 'node_modules'))) symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  const { stagePackage } = await import(pathToFileURL(join(ROOT, 'scripts/release/package.js')).href);
  await stagePackage(join(modules, 'opensrf-chopchop'));
  return folder;
}
