#!/usr/bin/env node
import { startProgram } from './kernel/start-program.ts';

startProgram('opensrf_router', () => import('./cli/router-program.ts'));
