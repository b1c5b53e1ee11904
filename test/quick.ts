// The quick tier: unit tests, properties, and the transcripts in memory, all in one process. A process for each file costs half as much again.
import { readdirSync } from 'node:fs';

process.env['TEST_TIER'] = 'quick';

const FOLDERS = ['unit/', 'properties/'].map((folder) => new URL(folder, import.meta.url));
const files = FOLDERS.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => new URL(name, folder)),
);
for (const file of [...files, new URL('transcripts/memory.test.js', import.meta.url)]) await import(file.href);
