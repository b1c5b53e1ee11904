#!/usr/bin/env node
import yargs from 'yargs';
import { connectionOptions, DEFAULT_ROUTER_CONNECTION } from './config/connection.ts';
import { SERVER_OPTIONS } from './config/options.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { LOG_LEVELS } from './log-levels.ts';
import { VERSION } from './version.ts';

const EXIT_CODES = `Exit codes: ${EXIT.ok} stopped in order, ${EXIT.failed} failed, ${EXIT.usage} wrong option, ${EXIT.network} cannot listen or reach a server, ${EXIT.file} cannot write a file.`;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** yargs makes a list of whatever is given twice; only some options may be. */
function checkRepetition(args: Record<string, unknown>, declared: object): true {
  const { array, key } = declared as { readonly array: readonly string[]; readonly key: Readonly<Record<string, unknown>> };
  const twice = Object.keys(key).find((name) => Array.isArray(args[name]) && !array.includes(name));
  if (twice !== undefined) throw new CommandError(EXIT.usage, `--${twice} is given more than once`);
  return true;
}

async function main(argv: string[]): Promise<void> {
  await yargs(argv)
    .scriptName('opensrf-chopchop')
    .usage('$0 [serve] [options]\n\nA Jabber (XMPP) server and OpenSRF router in one process.')
    .command(
      ['serve', '$0'],
      'Run the server (the default)',
      (command) =>
        command
          .options(SERVER_OPTIONS)
          .option('log-level', { choices: LOG_LEVELS, default: 'info' as const, describe: 'What is logged' })
          .option('ready-file', { type: 'string', requiresArg: true, describe: 'Write {pid, c2s, domains, …} as JSON here once logins work' })
          .option('pid-file', { type: 'string', requiresArg: true, describe: 'Write the process id here' })
          .example('$0', 'the three default domains on 127.0.0.1:5222')
          .example('$0 --host 127.0.1.2 --host 127.0.1.3', 'the addresses of the OpenSRF installation guide')
          .example('$0 --domain localhost --user opensrf:secret --user router:secret', 'one domain, passwords of your own')
          .example('$0 --port 0 --ready-file ready.json', 'for a test: any free port, told in ready.json'),
      async (args) => (await import('./commands/serve.ts')).serve(args),
    )
    .command('demo', 'Show the way of a request through a server, a service and a client', {}, async () => (await import('./commands/demo.ts')).demo(print))
    .command(
      'drain <service> [listener]',
      'Send no new requests to a service of a running server, or to one of its listeners',
      (command) =>
        command
          .positional('service', { type: 'string', demandOption: true, describe: 'The service, as opensrf.math' })
          .positional('listener', { type: 'string', describe: 'The JID of one listener; all where it is missing' })
          .option('resume', { type: 'boolean', default: false, describe: 'Send requests again' })
          .options(connectionOptions(DEFAULT_ROUTER_CONNECTION)),
      async (args) => print(await (await import('./commands/drain.ts')).drain(args)),
    )
    .epilogue(EXIT_CODES)
    .version(VERSION)
    .strict()
    .check(checkRepetition)
    .parserConfiguration({ 'greedy-arrays': false })
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .fail((message, error) => {
      throw error ?? new CommandError(EXIT.usage, `${message} (see --help)`);
    })
    .parseAsync();
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const known = error instanceof CommandError;
  process.stderr.write(known ? `opensrf-chopchop: ${error.message}\n` : `opensrf-chopchop: ${(error as Error).stack}\n`);
  process.exitCode = known ? error.exitCode : EXIT.failed;
});
