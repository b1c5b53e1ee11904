// Writes what V8 has compiled of a bundle when a server has started.
//   node --predictable COMPILE.CJS CHOPCHOP.CJS OUTPUT READY_FILE     --predictable: V8 writes the same bytes each time, which any Node of its version takes
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Bundle } from '../../server/launch/bundle.ts';

const [file, output, readyFile] = process.argv.splice(2);
const bundle = new Bundle('chopchop.cjs', readFileSync(file, 'utf8'), undefined);
process.argv.push('--port', '0', '--no-console', '--ready-file', readyFile);
void bundle.load(require, '/').main();
const timer = setInterval(() => {
  if (!existsSync(readyFile)) return;
  clearInterval(timer);
  writeFileSync(output, bundle.compiled());
  process.kill(process.pid, 'SIGTERM');
}, 10);
