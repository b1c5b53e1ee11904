import yargs, { type Argv } from 'yargs';
import { ConfigError } from '../config/config.ts';
import { limitsHelp } from '../config/limits-help.ts';
import { DOUBLES_OPTIONS, EXEC_OPTIONS } from '../config/options/fixture-options.ts';
import { PROCESS_OPTIONS } from '../config/options/process-options.ts';
import { SERVER_AND_LOG_OPTIONS, SITE_OPTIONS } from '../config/options/serve-options.ts';
import { connectionOptions, DEFAULT_CONNECTION, DEFAULT_ROUTER_CONNECTION } from '../config/sources/connection.ts';
import { readOpensrfCore } from '../config/sources/opensrf-core.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { VERSION_TEXT } from '../kernel/version.ts';
import { MONITOR_OPTIONS, REQUEST_OPTIONS, SERVICES_OPTIONS, STATUS_OPTIONS, WAIT_OPTIONS } from './client-options.ts';

const EXIT_CODES = [
  `Exit codes: ${EXIT.ok} done, or stopped in order; ${EXIT.failed} failed; ${EXIT.usage} wrong option, parameter or content of a file;`,
  `${EXIT.network} cannot listen, or cannot reach a server or log in; ${EXIT.file} cannot read or write a file; ${EXIT.status} a service answered with an error;`,
  `${EXIT.timeout} no answer in time, or still missing; ${EXIT.absent} nobody is registered as that service or router, or the message came back; ${EXIT.running} runs already.`,
].join(' ');

// `request … | head -1` is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(128 + 13);
});

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

/**
 * What reads the options of a command that the file of `--config` sets in its `<chopchop>` section. What is wrong with the file is said when it is
 * read for good.
 * @param known The command's options; others are not its business.
 */
function chopchopSection(known: object): (file: string) => Record<string, unknown> {
  return (file) => {
    try {
      const { options } = readOpensrfCore(file).chopchop;
      return Object.fromEntries(Object.entries(options).filter(([name]) => name in known));
    } catch (error) {
      if (error instanceof ConfigError) return {};
      throw error;
    }
  };
}

function serveOptions(command: Argv) {
  return command
    .options(SITE_OPTIONS)
    .env('OPENSRF_CHOPCHOP')
    .config('config', SITE_OPTIONS.config.describe, chopchopSection(SITE_OPTIONS))
    .options(PROCESS_OPTIONS);
}

/** The arguments of `serve` as they are when environment and file are read anew. @throws CommandError */
function readServeArguments(argv: readonly string[]) {
  return serveOptions(yargs([...argv]))
    .parserConfiguration(PARSER)
    .fail(fail)
    .parseSync();
}

const PARSER = { 'greedy-arrays': false, 'parse-positional-numbers': false };

function fail(message: string, error: Error | undefined): never {
  throw error ?? new CommandError(EXIT.usage, `${message} (see --help)`);
}

/** Carries out a command line. @param argv Without the program's name. @throws CommandError */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  try {
    await parse(argv);
  } catch (error) {
    if (!(error instanceof Chosen)) throw error;
    await error.run();
  }
}

/** The command that was chosen. It is thrown out of yargs, which would lay out its whole help behind a handler: that takes longer than a server to start. */
class Chosen extends Error {
  readonly run: () => Promise<void>;

  constructor(run: () => Promise<void>) {
    super('a command was chosen');
    this.run = run;
  }
}

function later(run: () => Promise<void>): never {
  throw new Chosen(run);
}

async function parse(argv: readonly string[]): Promise<void> {
  const width = Math.min(110, process.stdout.columns ?? 110);
  if (argv.join(' ') === '--help limits') {
    process.stdout.write(limitsHelp(width));
    return;
  }
  await yargs([...argv])
    .scriptName('opensrf-chopchop')
    .usage('$0 [serve] [options]\n\nA Jabber (XMPP) server and OpenSRF router in one process.')
    .command(
      ['serve', '$0'],
      'Run the server (the default)',
      (command) =>
        serveOptions(command)
          .example('$0', 'the three default domains on 127.0.0.1:5222')
          .example('$0 --config /openils/conf/opensrf_core.xml', 'what that site needs')
          .example('$0 --domain localhost --user opensrf:secret --user router:secret', 'one domain, passwords of your own')
          .example('$0 --with-settings /openils/conf/opensrf.xml', 'with opensrf.settings, so that a service starts alone')
          .example('$0 --port 0 --ready-file ready.json', 'for a test: any free port, told in ready.json')
          .example('$0 --stubs test/stubs', 'with services that are declared in files')
          .example('$0 --daemon --pid-file chopchop.pid --log-file chopchop.log', 'in the background'),
      (args) => later(async () => (await import('./serve/serve.ts')).serve(args, () => readServeArguments(argv))),
    )
    .command(
      'demo',
      'Show the way of a request through a server, a service and a client; on a server that runs already, if one of these options is given',
      (command) => command.options(connectionOptions(DEFAULT_CONNECTION)).example('$0 demo --port 5222', 'on the server there, to see it in its console'),
      (args) => later(async () => (await import('./demo.ts')).demo(args, print)),
    )
    .command(
      'doctor',
      'Look at what keeps OpenSRF programs from talking to the server: names, ports, accounts, trust',
      (command) =>
        command
          .options(SERVER_AND_LOG_OPTIONS)
          .env('OPENSRF_CHOPCHOP')
          .config('config', SITE_OPTIONS.config.describe, chopchopSection(SERVER_AND_LOG_OPTIONS))
          .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
          .example('$0 doctor --config /openils/conf/opensrf_core.xml', 'is everything there that this site needs?'),
      (args) => later(async () => (await import('./doctor.ts')).doctor(args, print)),
    )
    .command(
      'drain <service> [listener]',
      'Send no new requests to a service of a running server, or to one of its listeners',
      (command) =>
        command
          .positional('service', { type: 'string', demandOption: true, describe: 'The service, as opensrf.math' })
          .positional('listener', { type: 'string', describe: 'The JID of one listener; all where it is missing' })
          .option('resume', { type: 'boolean', default: false, describe: 'Send requests again' })
          .options(connectionOptions(DEFAULT_ROUTER_CONNECTION)),
      (args) => later(async () => print(await (await import('./drain.ts')).drain(args))),
    )
    .command(
      'exec',
      'Run a command with a server of its own, for a test: exec [options] -- COMMAND…',
      (command) =>
        command
          .options(EXEC_OPTIONS)
          .options(DOUBLES_OPTIONS)
          .options(SERVER_AND_LOG_OPTIONS)
          .config('config', SITE_OPTIONS.config.describe, chopchopSection({ ...DOUBLES_OPTIONS, ...SERVER_AND_LOG_OPTIONS }))
          .example('$0 exec --stubs test/stubs -- prove -r t', 'the tests find the server by OSRF_HOST, OSRF_PORT, … and OSRF_CONFIG')
          .example("$0 exec --start 'node service.js' --service opensrf.math -- npm test", 'with a service of one’s own beside it'),
      (args) =>
        later(async () => {
          process.exitCode = await (await import('./exec.ts')).exec({ ...args, command: args._.slice(1).map(String) });
        }),
    )
    .command(
      'monitor',
      'Print the requests of a running server as they end',
      (command) =>
        command
          .options(MONITOR_OPTIONS)
          .example('$0 monitor --service opensrf.math --slower-than 100', 'who is slow?')
          .example('$0 monitor --past --status failed --json', 'what failed until now, and from now on'),
      (args) => later(async () => (await import('./monitor.ts')).monitor(args, print)),
    )
    .command(
      'request <service> <method> [params..]',
      'Call a method of a service, print each result as a line of JSON',
      (command) =>
        command
          .positional('service', { type: 'string', demandOption: true, describe: 'The service, as opensrf.math' })
          .positional('method', { type: 'string', demandOption: true, describe: 'The method' })
          .positional('params', { type: 'string', array: true, describe: 'Its parameters, each as JSON' })
          .options(REQUEST_OPTIONS)
          .options(connectionOptions(DEFAULT_CONNECTION))
          .example('$0 request opensrf.math add 2 2', 'prints 4')
          .example(`$0 request opensrf.simple-text opensrf.simple-text.reverse '"abc"'`, 'a string needs its own quotes'),
      // yargs keeps what stands behind a "--" for itself.
      (args) => later(async () => (await import('./request.ts')).request({ ...args, params: [...(args.params ?? []), ...args._.slice(1).map(String)] }, print)),
    )
    .command(
      'services',
      'List what is registered with the router',
      (command) => command.options(SERVICES_OPTIONS),
      (args) => later(async () => (await import('./services.ts')).services(args, print)),
    )
    .command(
      'status',
      'Tell whether the server, a login and the router work',
      (command) => command.options(STATUS_OPTIONS).options(connectionOptions(DEFAULT_CONNECTION)),
      (args) => later(async () => (await import('./status.ts')).status(args, print)),
    )
    .command(
      'wait [services..]',
      'Wait until services are registered with the router, even if the server is not up yet',
      (command) =>
        command
          .positional('services', { type: 'string', array: true, describe: 'The services' })
          .options(WAIT_OPTIONS)
          .options(connectionOptions(DEFAULT_CONNECTION)),
      (args) => later(async () => (await import('./wait.ts')).wait({ ...args, services: [...(args.services ?? []), ...args._.slice(1).map(String)] }, print)),
    )
    .completion('completion', 'Print what makes bash or zsh (by $SHELL) complete our commands and options')
    .epilogue(
      `Each option of serve and doctor can be given as OPENSRF_CHOPCHOP_NAME in the environment. The command line beats that, and that beats --config. Commands that log in take from OSRF_HOST, OSRF_PORT, … what neither says; exec sets those.\n--help limits lists what is bounded, and how to set it.\n${EXIT_CODES}`,
    )
    .version(VERSION_TEXT)
    .strict()
    .check(checkRepetition)
    .parserConfiguration(PARSER)
    .wrap(width)
    .fail(fail)
    .parseAsync();
}
