// The action's main step.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

process.exitCode = spawnSync('bash', [fileURLToPath(new URL('start.sh', import.meta.url))], { stdio: 'inherit' }).status ?? 1;
