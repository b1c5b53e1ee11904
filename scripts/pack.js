// npm runs this before and after it packs: the package.json of the package takes the place of ours. See release/package.js.
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makePackage, PAGE } from './release/package.js';
import { root } from './release/root.js';

const [file, original] = ['package.json', 'package.json.orig'].map((name) => join(root, name));

function restore() {
  if (existsSync(original)) renameSync(original, file);
  rmSync(join(root, PAGE), { recursive: true, force: true });
  cpSync(join(root, 'server/console/page'), join(root, PAGE), { recursive: true });
}

async function strip() {
  // Leftovers of an interrupted pack.
  restore();
  rmSync(join(root, 'dist/bin'), { recursive: true, force: true });
  writeFileSync(original, readFileSync(file));
  await makePackage(root);
}

await { strip, restore }[process.argv[2]]();
