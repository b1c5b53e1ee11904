// npm runs this before and after it packs. What is published has no scripts and no development tools in its package.json: nothing of it is to run
// where it is installed, and npm asks its users about packages that might.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [file, original] = ['package.json', 'package.json.orig'].map((name) => join(root, name));

function restore() {
  if (existsSync(original)) renameSync(original, file);
}

function strip() {
  // What a pack that was broken off has left.
  restore();
  const text = readFileSync(file, 'utf8');
  const { scripts: _scripts, devDependencies: _tools, ...published } = JSON.parse(text);
  writeFileSync(original, text);
  writeFileSync(file, `${JSON.stringify(published, null, 2)}\n`);
}

({ strip, restore })[process.argv[2]]();
