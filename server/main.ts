#!/usr/bin/env node
import { startProgram } from './kernel/start-program.ts';

startProgram('opensrf-chopchop', () => import('./cli/program.ts'));
