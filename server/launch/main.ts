import { launch } from './launch.ts';

// The package's bin/opensrf-chopchop.
launch('main', require, __dirname);
