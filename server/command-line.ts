import yargs from 'yargs';
import { chopchopOptions } from './config/chopchop-section.ts';
import { ConfigError, DEFAULT_DOMAINS, DEFAULT_HOST, DEFAULT_PASSWORD, DEFAULT_PORT, DEFAULT_ROUTER } from './config/config.ts';
import { readOpensrfCore } from './config/opensrf-core.ts';
import { SERVER_OPTIONS } from './config/options.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { LOG_OPTIONS } from './logging/options.ts';
import { VERSION } from './version.ts';

const EXIT_CODES = `Exit codes: ${EXIT.ok} stopped in order, ${EXIT.failed} failed, ${EXIT.usage} wrong option or wrong content of a file, ${EXIT.network} cannot listen or reach a server, ${EXIT.file} cannot read or write a file, ${EXIT.running} runs already.`;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The options that the file of `--config` sets in its `<chopchop>` section. What is wrong with the file is said when it is read for good. */
function chopchopSection(file: string): Record<string, unknown> {
  try {
    return chopchopOptions(readOpensrfCore(file).chopchop, file).options;
  } catch (error) {
    if (error instanceof ConfigError) return {};
    throw error;
  }
}

/** Carries out a command line. @param argv Without the program's name. @throws CommandError */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  await yargs([...argv])
    .scriptName('opensrf-chopchop')
    .usage('$0 [serve] [options]\n\nA Jabber (XMPP) server and OpenSRF router in one process.')
    .command(
      ['serve', '$0'],
      'Run the server (the default)',
      (command) =>
        command
          .options(SERVER_OPTIONS)
          .config('config', SERVER_OPTIONS.config.describe, chopchopSection)
          .option('check-config', { type: 'boolean', default: false, describe: 'Print what would run, or what is wrong, and stop' })
          .options(LOG_OPTIONS)
          .option('ready-file', { type: 'string', requiresArg: true, describe: 'Write {pid, c2s, domains, …} as JSON here once logins work' })
          .option('pid-file', { type: 'string', requiresArg: true, describe: 'Write the process id here once logins work' })
          .option('process-title', { type: 'string', requiresArg: true, hidden: true })
          .option('daemon', { type: 'boolean', default: false, describe: 'Run in the background; return once logins work' })
          .example('$0', 'the three default domains on 127.0.0.1:5222')
          .example('$0 --config /openils/conf/opensrf_core.xml', 'what that site needs')
          .example('$0 --domain localhost --user opensrf:secret --user router:secret', 'one domain, passwords of your own')
          .example('$0 --with-settings /openils/conf/opensrf.xml', 'with opensrf.settings, so that a service starts alone')
          .example('$0 --port 0 --ready-file ready.json', 'for a test: any free port, told in ready.json')
          .example('$0 --daemon --pid-file chopchop.pid --log-file chopchop.log', 'in the background'),
      async (args) => (await import('./commands/serve.ts')).serve(args),
    )
    .command('demo', 'Show the way of a request through a server, a service and a client', {}, async () => (await import('./commands/demo.ts')).demo(print))
    .command(
      'doctor',
      'Look at what keeps OpenSRF programs from talking to the server: names, ports, accounts, trust',
      (command) =>
        command
          .options(SERVER_OPTIONS)
          .config('config', SERVER_OPTIONS.config.describe, chopchopSection)
          .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
          .example('$0 doctor --config /openils/conf/opensrf_core.xml', 'is everything there that this site needs?'),
      async (args) => (await import('./commands/doctor.ts')).doctor(args, print),
    )
    .command(
      'drain <service> [listener]',
      'Send no new requests to a service of a running server, or to one of its listeners',
      (command) =>
        command
          .positional('service', { type: 'string', demandOption: true, describe: 'The service, as opensrf.math' })
          .positional('listener', { type: 'string', describe: 'The JID of one listener; all where it is missing' })
          .option('resume', { type: 'boolean', default: false, describe: 'Send requests again' })
          .option('host', { type: 'string', requiresArg: true, default: DEFAULT_HOST, describe: 'Address of the server' })
          .option('port', { type: 'number', requiresArg: true, default: DEFAULT_PORT, describe: 'Port of the server' })
          .option('domain', { type: 'string', requiresArg: true, default: DEFAULT_DOMAINS[0], describe: "The router's domain" })
          .option('username', { type: 'string', requiresArg: true, default: DEFAULT_ROUTER.name, describe: 'The router account' })
          .option('password', { type: 'string', requiresArg: true, default: DEFAULT_PASSWORD, describe: 'Its password' }),
      async (args) => print(await (await import('./commands/drain.ts')).drain(args)),
    )
    .epilogue(`Each option can be given as OPENSRF_CHOPCHOP_NAME in the environment. The command line beats that, and that beats --config.\n${EXIT_CODES}`)
    .env('OPENSRF_CHOPCHOP')
    .version(VERSION)
    .strict()
    .parserConfiguration({ 'duplicate-arguments-array': false, 'greedy-arrays': false })
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .fail((message, error) => {
      throw error ?? new CommandError(EXIT.usage, `${message} (see --help)`);
    })
    .parseAsync();
}
