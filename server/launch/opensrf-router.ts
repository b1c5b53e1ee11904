import { startProgram } from '../kernel/start-program.ts';
import { launch } from './launch.ts';

// The package's bin/opensrf_router.
startProgram('opensrf_router', async () => ({ run: () => launch('router', require, __dirname) }));
