#!/usr/bin/env node
// Writes docs/configuration.md from the program's own tables of options and limits.
//
//   npm run build && node scripts/configuration-reference.js [--check]
//
// With --check it writes nothing, and its exit code is 1 if the file is out of date.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { configurationReference } from '../dist/server/config/sources/reference.js';

const file = new URL('../docs/configuration.md', import.meta.url);
const reference = configurationReference();
if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== reference) {
    console.error('docs/configuration.md is out of date: npm run build && node scripts/configuration-reference.js');
    process.exitCode = 1;
  }
} else {
  mkdirSync(new URL('.', file), { recursive: true });
  writeFileSync(file, reference);
}
