import { basename } from 'node:path';

// The single executable is both programs, by the name it is called by: `ln -s opensrf-chopchop opensrf_router`.
if (basename(process.argv0) === 'opensrf_router') void import('./opensrf-router.ts');
else void import('./main.ts');
