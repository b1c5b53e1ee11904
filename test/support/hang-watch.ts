import { afterEach, beforeEach, type TestContext } from 'node:test';

// `npm test` loads this before each test file. The runner ends a file that takes too long, without naming the hanging test.

/** The longest a test may take, however busy the machine is. */
const TEST_MS = 480_000;

// Saved here, because a test may replace these.
const { setTimeout, clearTimeout } = globalThis;

let timer: NodeJS.Timeout | undefined;

beforeEach((context) => {
  const { name } = context as TestContext;
  clearTimeout(timer);
  timer = setTimeout(() => end(name), TEST_MS).unref();
});
afterEach(() => clearTimeout(timer));

function end(name: string): never {
  process.stderr.write(`"${name}" hangs: it has not ended within ${TEST_MS / 1_000} s. Still open: ${process.getActiveResourcesInfo().join(', ')}\n`);
  process.exit(1);
}
