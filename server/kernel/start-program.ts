// A Node that is too old for the rest must read this file first: it imports nothing and uses plain old syntax.

const OLDEST = [20, 19] as const;
const FAILED = 1;

/**
 * Loads and runs a program, unless this Node is too old for it. An error that nothing catches then ends the process with its name and stack: Node would
 * print the line of the source, which is the whole program if that is minified.
 */
export function startProgram(name: string, load: () => Promise<{ run(): void }>): void {
  const problem = nodeProblem(process.versions.node);
  if (problem !== '') {
    process.stderr.write(`${name}: ${problem}\n`);
    process.exitCode = FAILED;
    return;
  }
  const crash = (error: unknown) => {
    process.stderr.write(`${name}: ${crashText(error)}\n`);
    process.exit(FAILED);
  };
  process.on('uncaughtException', crash);
  load().then(({ run }) => run(), crash);
}

/** The reason why a Node cannot run this program, or `''`. @param version As `20.19.0`. */
export function nodeProblem(version: string): string {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  return isOld ? `needs Node ${OLDEST.join('.')} or later, this is ${major}.${minor}` : '';
}

/** An error's name, message and stack, without the line of the source that Node prepends to the stack of some errors. */
export function crashText(error: unknown): string {
  if (!(error instanceof Error)) return `thrown: ${String(error)}`;
  const calls = (error.stack || '').split('\n').filter((line) => /^\s+at /.test(line));
  return [`${error.name}: ${error.message}`, ...calls].join('\n');
}
