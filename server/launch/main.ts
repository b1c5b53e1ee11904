import { startProgram } from '../kernel/start-program.ts';
import { launch } from './launch.ts';

// The package's bin/opensrf-chopchop.
startProgram('opensrf-chopchop', async () => ({ run: () => launch('main', require, __dirname) }));
