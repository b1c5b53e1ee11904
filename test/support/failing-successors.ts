import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from './command.ts';

/** Code for every process of a server: in a successor, it fails at the step that a file names. */
function failingAt(file: string): string {
  return `import fs from 'node:fs'; import { syncBuiltinESMExports } from 'node:module';
    const step = process.env.CHOPCHOP_INHERITANCE === undefined || !fs.existsSync('${file}') ? '' : fs.readFileSync('${file}', 'utf8');
    const die = () => process.kill(process.pid, 'SIGKILL');
    if (step === 'start') process.exit(7);
    if (step === 'hang') setTimeout(() => { for (;;); }, 0);
    const send = process.send;
    if (step === 'another format') process.send = (report, ...args) => send.call(process, 'ready' in report ? { ready: 2 } : report, ...args);
    if (step === 'ready') process.send = (...args) => { send.apply(process, args); if ('ready' in args[0]) setImmediate(die); };
    if (step === 'state') { const parse = JSON.parse; JSON.parse = (text) => { if (text.startsWith('{"router"')) throw new Error('a broken state'); return parse(text); }; }
    const { writeSync } = fs;
    fs.writeSync = (fd, data, ...rest) => {
      if (data === 'serving\\n' && step === 'before serving') { die(); for (;;); }
      const count = writeSync(fd, data, ...rest);
      if (data === 'serving\\n' && step === 'after serving') { die(); for (;;); }
      if (data === 'serving\\n' && step === 'stopped') process.kill(process.pid, 'SIGTERM');
      return count;
    };
    syncBuiltinESMExports();`;
}

/** Lets the successors of the servers that start now fail. @returns A function that names the step; `''`: none. */
export function failingSuccessors(t: TestContext): (step: string) => void {
  const file = join(temporaryFolder(t), 'step');
  process.env['NODE_OPTIONS'] = `--import=data:text/javascript,${encodeURIComponent(failingAt(file))}`;
  t.after(() => delete process.env['NODE_OPTIONS']);
  return (step) => writeFileSync(file, step);
}
