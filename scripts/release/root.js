import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the sources. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

export const { version, name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
