// The quick tier: unit tests, properties, and the transcripts in memory, all in one process. A process for each file costs half as much again.
//
//   node dist/test/quick.js [unit/jid.test.js …]
import { quickFiles } from './support/quick-files.ts';

process.env['TEST_TIER'] = 'quick';

const named = process.argv.slice(2);
for (const file of named.length > 0 ? named : quickFiles()) await import(new URL(file, import.meta.url).href);
