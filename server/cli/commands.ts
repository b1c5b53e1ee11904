import type { OptionTable } from '../config/setting.ts';
import { SETTINGS, SETTINGS_OF_COMMANDS, type SettingPath } from '../config/settings.ts';
import { connectionOptions, DEFAULT_CONNECTION, DEFAULT_ROUTER_CONNECTION } from '../config/sources/connection.ts';
import { asGiven, type ParsedArguments, readOptions } from './arguments.ts';
import {
  CONSOLE_OPTIONS,
  DEMO_OPTIONS,
  DOCTOR_OPTIONS,
  DRAIN_OPTIONS,
  EXEC_OPTIONS,
  MONITOR_OPTIONS,
  NATS_CONFIG_OPTIONS,
  REPORT_OPTIONS,
  REQUEST_OPTIONS,
  RESTART_OPTIONS,
  SERVICES_OPTIONS,
  STATUS_OPTIONS,
  TOP_OPTIONS,
  WAIT_OPTIONS,
  WHY_OPTIONS,
} from './client-options.ts';

/** A command of the program. */
export interface Command {
  readonly name: string;
  /** Its positionals as declared to yargs, e.g. `<service> [listener]`; `''`: none. */
  readonly positionals: string;
  readonly describe: string;
  readonly options: OptionTable;
  /** The descriptions of its positionals. */
  readonly meanings: Readonly<Record<string, string>>;
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** Loads and runs it. */
  run(args: ParsedArguments): Promise<void>;
}

const CONNECTION = connectionOptions(DEFAULT_CONNECTION);
const ROUTER_CONNECTION = connectionOptions(DEFAULT_ROUTER_CONNECTION);

function settingsOf(paths: readonly SettingPath[]): OptionTable {
  return Object.fromEntries(paths.map((path) => [path, SETTINGS[path]]));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The value of a required positional. */
function word(args: ParsedArguments, name: string): string {
  return asGiven(String(args[name]));
}

/** The values of a variadic positional, with the words after "--", which yargs keeps apart. */
function words(args: ParsedArguments, name: string): string[] {
  return [...((args[name] as readonly unknown[] | undefined) ?? []), ...args._.slice(1)].map((value) => asGiven(String(value)));
}

/** The first is the default. */
export const COMMANDS: readonly Command[] = [
  {
    name: 'serve',
    positionals: '',
    describe: 'Run the server (the default)',
    options: settingsOf(SETTINGS_OF_COMMANDS.serve),
    meanings: {},
    examples: [
      ['$0', 'the three default domains on 127.0.0.1:5222'],
      ['$0 --config /openils/conf/opensrf_core.xml', 'everything for that site'],
      ['$0 --domain localhost --user opensrf:secret --user router:secret', 'one domain, passwords of your own'],
      ['$0 --with-settings /openils/conf/opensrf.xml', 'with opensrf.settings, so that a service starts alone'],
      ['$0 --port 0 --ready-file ready.json', 'for a test: any free port, written to ready.json'],
      ['$0 --stubs test/stubs', 'with stub services declared in files'],
      ['$0 --daemon --pid-file chopchop.pid --log-file chopchop.log', 'in the background'],
    ],
    run: async (args) => (await import('./serve/serve.ts')).serve(args),
  },
  {
    name: 'cluster',
    positionals: '<action>',
    describe: 'Print the configuration of a nats-server for a cluster: cluster print-nats-config',
    options: { ...settingsOf(SETTINGS_OF_COMMANDS.cluster), ...NATS_CONFIG_OPTIONS },
    meanings: { action: 'The word "print-nats-config"' },
    examples: [
      ['$0 cluster print-nats-config --cluster dev --nats tls://10.0.0.1:4222 --nats-credentials nats.seed --new-key', 'with a new key for the members'],
      ['$0 cluster print-nats-config --config /openils/conf/opensrf_core.xml --server 2', 'the second server of <nats>'],
    ],
    run: async (args) => {
      const { printNatsConfig } = await import('./cluster/print-nats-config.ts');
      await printNatsConfig(word(args, 'action'), args, readOptions(NATS_CONFIG_OPTIONS, args), print);
    },
  },
  {
    name: 'console',
    positionals: '',
    describe: 'Print the address of the console of a running server, with its token',
    options: CONSOLE_OPTIONS,
    meanings: {},
    examples: [['$0 console --open', 'open it in the browser']],
    run: async (args) => (await import('./console.ts')).consoleAddress(readOptions(CONSOLE_OPTIONS, args), print),
  },
  {
    name: 'demo',
    positionals: '',
    describe: 'Trace sample requests through a server, a service and a client; with one of these options, on a running server',
    options: { ...CONNECTION, ...DEMO_OPTIONS },
    meanings: {},
    examples: [
      ['$0 demo --stay', 'with a console of its own, to look around'],
      ['$0 demo --stay --port 5222', 'on the server at that port, to watch it in its console'],
    ],
    run: async (args) => (await import('./demo.ts')).demo(readOptions({ ...CONNECTION, ...DEMO_OPTIONS }, args), print),
  },
  {
    name: 'doctor',
    positionals: '',
    describe: 'Diagnose why OpenSRF programs cannot reach the server: names, ports, accounts, trust',
    options: { ...settingsOf(SETTINGS_OF_COMMANDS.doctor), ...DOCTOR_OPTIONS },
    meanings: {},
    examples: [['$0 doctor --config /openils/conf/opensrf_core.xml', 'check everything for that site']],
    run: async (args) => (await import('./doctor.ts')).doctor(args, readOptions(DOCTOR_OPTIONS, args), print),
  },
  {
    name: 'drain',
    positionals: '<service> [listener]',
    describe: 'Stop new requests to a service of a running server, or to one of its listeners',
    options: { ...DRAIN_OPTIONS, ...ROUTER_CONNECTION },
    meanings: { service: 'The service, as opensrf.math', listener: 'The JID of one listener; default: all' },
    examples: [],
    run: async (args) => {
      const { drain } = await import('./drain.ts');
      const listener = args['listener'] === undefined ? '' : word(args, 'listener');
      print(await drain({ ...readOptions({ ...DRAIN_OPTIONS, ...ROUTER_CONNECTION }, args), service: word(args, 'service'), listener }));
    },
  },
  {
    name: 'exec',
    positionals: '',
    describe: 'Run a command with a private server, for a test: exec [options] -- COMMAND…',
    options: { ...EXEC_OPTIONS, ...settingsOf(SETTINGS_OF_COMMANDS.exec) },
    meanings: {},
    examples: [
      ['$0 exec --stubs test/stubs -- prove -r t', 'the tests find the server by OSRF_HOST, OSRF_PORT, … and OSRF_CONFIG'],
      ["$0 exec --start 'node service.js' --service opensrf.math -- npm test", 'with your own service'],
      ['$0 exec --report report.html -- npm test', 'with a page of what happened, for CI'],
    ],
    run: async (args) => {
      process.exitCode = await (await import('./exec.ts')).exec(args, { ...readOptions(EXEC_OPTIONS, args), command: args._.slice(1).map(String) });
    },
  },
  {
    name: 'help',
    positionals: '[topic]',
    describe: 'Show this help, or that of a command, an option or "limits"',
    options: {},
    meanings: { topic: 'A command, the name of an option, or "limits"' },
    examples: [['$0 help hold', 'what --hold means, and where else to set it']],
    run: async () => {},
  },
  {
    name: 'monitor',
    positionals: '',
    describe: 'Print the requests of a running server as they end',
    options: MONITOR_OPTIONS,
    meanings: {},
    examples: [
      ['$0 monitor --service opensrf.math --slower-than 100', 'slow requests'],
      ['$0 monitor --past --status failed --json', 'failed requests, past and future'],
      ['$0 monitor --port 5222 -n 20 --no-follow', 'the last 20 requests of the server at that port'],
    ],
    run: async (args) => (await import('./monitor.ts')).monitor(readOptions(MONITOR_OPTIONS, args), print),
  },
  {
    name: 'report',
    positionals: '[file]',
    describe: 'Write the latest requests of a running server as a page, the failed ones first, and their data beside it',
    options: REPORT_OPTIONS,
    meanings: { file: 'The page; default: report.html' },
    examples: [],
    run: async (args) => {
      const file = args['file'] === undefined ? 'report.html' : word(args, 'file');
      await (await import('./report.ts')).report({ ...readOptions(REPORT_OPTIONS, args), file }, print);
    },
  },
  {
    name: 'request',
    positionals: '<service> <method> [params..]',
    describe: 'Call a method of a service, print each result as a line of JSON',
    options: { ...REQUEST_OPTIONS, ...CONNECTION },
    meanings: { service: 'The service, as opensrf.math', method: 'The method', params: 'Its parameters, each as JSON' },
    examples: [
      ['$0 request opensrf.math add 2 2', 'prints 4'],
      [`$0 request opensrf.simple-text opensrf.simple-text.reverse '"abc"'`, 'a string needs its own quotes'],
    ],
    run: async (args) => {
      const call = { service: word(args, 'service'), method: word(args, 'method'), params: words(args, 'params') };
      await (await import('./request.ts')).request({ ...readOptions({ ...REQUEST_OPTIONS, ...CONNECTION }, args), ...call }, print);
    },
  },
  {
    name: 'restart',
    positionals: '',
    describe: 'Have a new process of the program now on disk take over a running server: sessions over TCP and Unix sockets go on',
    options: RESTART_OPTIONS,
    meanings: {},
    examples: [['$0 restart --pid-file chopchop.pid', 'after an update']],
    run: async (args) => (await import('./restart.ts')).restart(readOptions(RESTART_OPTIONS, args), print),
  },
  {
    name: 'services',
    positionals: '',
    describe: 'List the services registered with the router',
    options: SERVICES_OPTIONS,
    meanings: {},
    examples: [],
    run: async (args) => (await import('./services.ts')).services(readOptions(SERVICES_OPTIONS, args), print),
  },
  {
    name: 'status',
    positionals: '',
    describe: 'Check that the server, a login and the router work',
    options: { ...STATUS_OPTIONS, ...CONNECTION },
    meanings: {},
    examples: [],
    run: async (args) => (await import('./status.ts')).status(readOptions({ ...STATUS_OPTIONS, ...CONNECTION }, args), print),
  },
  {
    name: 'stubs',
    positionals: '<from> <recording>',
    describe: 'Print a file of stub services that answer as a recording does, for --stubs',
    options: {},
    meanings: { from: 'The word "from"', recording: 'A file of --record' },
    examples: [['$0 stubs from session.ndjson > test/stubs/session.yaml', 'look it over: parameters that differ where answers do not are generalised']],
    run: async (args) => (await import('./serve/stubs.ts')).stubs(word(args, 'from'), word(args, 'recording'), print),
  },
  {
    name: 'top',
    positionals: '',
    describe: 'Show services or sessions of a running server, with rates and latencies, renewed every two seconds',
    options: TOP_OPTIONS,
    meanings: {},
    examples: [['$0 top --once --json', 'for a script']],
    run: async (args) => (await import('./top.ts')).top(readOptions(TOP_OPTIONS, args), print),
  },
  {
    name: 'wait',
    positionals: '[services..]',
    describe: 'Wait until services are registered with the router, even if the server is not up yet',
    options: { ...WAIT_OPTIONS, ...CONNECTION },
    meanings: { services: 'The services' },
    examples: [],
    run: async (args) =>
      (await import('./wait.ts')).wait({ ...readOptions({ ...WAIT_OPTIONS, ...CONNECTION }, args), services: words(args, 'services') }, print),
  },
  {
    name: 'why',
    positionals: '[xid]',
    describe: 'Tell the story of a request of a running server: who asked, where it waited, why it failed',
    options: WHY_OPTIONS,
    meanings: { xid: 'Its transaction id; or "last", the last request that failed (the default)' },
    examples: [
      ['$0 why last', 'why the last request failed'],
      ['$0 why 1795353159316401 --log /openils/var/log/chopchop.log', 'from a log, when the server has ended or forgotten it'],
    ],
    run: async (args) => {
      const xid = args['xid'] === undefined ? 'last' : word(args, 'xid');
      await (await import('./why.ts')).why({ ...readOptions(WHY_OPTIONS, args), xid }, print);
    },
  },
];
