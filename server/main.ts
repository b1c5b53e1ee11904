#!/usr/bin/env node
import { runCommandLine } from './cli/command-line.ts';
import { endWithError } from './process/end.ts';

runCommandLine(process.argv.slice(2)).catch((error: unknown) => endWithError('opensrf-chopchop', error));
