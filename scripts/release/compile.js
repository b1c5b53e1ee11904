// Writes V8's compiled code of a bundle after a server's start; without READY_FILE, ends with exit code 1 if V8 rejects that code.
//   node --predictable COMPILE.CJS CHOPCHOP.CJS COMPILED READY_FILE     --predictable: V8 writes the same bytes each time, which any Node of its version takes
//   node COMPILE.CJS CHOPCHOP.CJS COMPILED
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Bundle } from '../../server/launch/bundle.ts';

const [file, compiled, readyFile] = process.argv.splice(2);

function write() {
  const bundle = new Bundle('chopchop.cjs', readFileSync(file, 'utf8'), undefined);
  process.argv.push('--port', '0', '--no-console', '--ready-file', readyFile);
  void bundle.load(require, '/').main();
  const timer = setInterval(() => {
    if (!existsSync(readyFile)) return;
    clearInterval(timer);
    writeFileSync(compiled, bundle.compiled());
    process.kill(process.pid, 'SIGTERM');
  }, 10);
}

if (readyFile !== undefined) write();
else process.exitCode = new Bundle('chopchop.cjs', readFileSync(file, 'utf8'), readFileSync(compiled)).precompiled ? 0 : 1;
