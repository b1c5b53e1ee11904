import { launch } from './launch.ts';

// The package's bin/opensrf_router.
launch('router', require, __dirname);
