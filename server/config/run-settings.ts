import { setting } from './setting.ts';
import { BOOLEAN } from './values/booleans.ts';
import { CONSOLE_PORT, DEFAULT_CONSOLE_PORT } from './values/control-port.ts';
import { list } from './values/lists.ts';
import { number } from './values/numbers.ts';
import { REPLAY_MODES } from './values/replay-mode.ts';
import { choice, FILE, text } from './values/texts.ts';

const CONTROL = 'Control';
const DOUBLES = 'Test doubles';
const PROCESS = 'Process';

/** The control interface, and the console on it. */
export const CONTROL_SETTINGS = {
  'control.port': setting({
    option: 'console',
    type: CONSOLE_PORT,
    group: CONTROL,
    shownDefault: `${DEFAULT_CONSOLE_PORT} or any free port on a terminal, else off`,
    describe: 'Serve the console and the control interface on this port of 127.0.0.1 (--no-console: do not)',
  }),
  'control.socket': setting({
    option: 'control-socket',
    type: text('the path of a socket'),
    group: CONTROL,
    shownDefault: 'with --daemon PID.sock beside the control file, unless --console or --no-console is set',
    describe: 'Serve the control interface on this Unix domain socket',
  }),
  'control.file': setting({
    option: 'control-file',
    type: FILE,
    group: CONTROL,
    shownDefault: 'PID.json in the folder opensrf-chopchop of XDG_RUNTIME_DIR',
    describe: 'Write address and token of the control interface to this file, where local commands find them',
  }),
  'control.tokenFile': setting({
    option: 'control-token-file',
    type: FILE,
    group: CONTROL,
    shownDefault: 'a random token, kept beside the control file for the next start at the same port',
    describe: 'Take the token from this file, for programs that ask again and again',
  }),
  'control.idl': setting({
    option: 'idl',
    type: FILE,
    group: CONTROL,
    shownDefault: "the IDL of the site's settings, if they are built in",
    describe: 'Name the fields of Evergreen’s objects in the console by this fm_IDL.xml',
  }),
  'control.newToken': setting({
    option: 'new-token',
    type: BOOLEAN,
    group: CONTROL,
    fallback: false,
    describe: 'Make a new token, and keep that: the former one is no longer valid',
  }),
} as const;

/** Test doubles of services. */
export const DOUBLES_SETTINGS = {
  stubs: setting({
    option: 'stubs',
    type: text('the name of a folder'),
    group: DOUBLES,
    describe: 'Start the stub services of this folder, as *.yaml or *.json (see docs/fixture.md)',
  }),
  record: setting({ option: 'record', type: FILE, group: DOUBLES, describe: 'Write every conversation to this new file, one line of JSON each' }),
  replay: setting({ option: 'replay', type: FILE, group: DOUBLES, describe: 'Replay the recorded answers of the services in this file' }),
  replayMode: setting({
    option: 'replay-mode',
    type: choice(REPLAY_MODES),
    group: DOUBLES,
    fallback: 'lenient',
    describe: 'Answer a request missing in the recording like another one of its method, if there is one, or always with status 404',
  }),
  faults: setting({
    option: 'fault',
    type: list(text('a fault, as JSON'), { commas: false }),
    group: DOUBLES,
    fallback: [],
    describe: 'Inject a fault, as JSON (repeatable): {"service": "opensrf.math", "status": 503, "times": 1}',
  }),
  seed: setting({
    option: 'fault-seed',
    type: number({ least: 0, most: Number.MAX_SAFE_INTEGER, whole: true }),
    group: DOUBLES,
    shownDefault: 'another one each time',
    describe: 'Seed random faults, so that they repeat',
  }),
} as const;

/** The process, and the files that it writes for other programs. */
export const PROCESS_SETTINGS = {
  'process.checkConfig': setting({
    option: 'check-config',
    type: BOOLEAN,
    group: PROCESS,
    element: '',
    fallback: false,
    describe: 'Print the resolved configuration or its errors, and exit',
  }),
  'process.readyFile': setting({
    option: 'ready-file',
    type: FILE,
    group: PROCESS,
    element: '',
    describe: 'Write {pid, c2s, domains, …} as JSON to this file once logins work; -: to standard output',
  }),
  'process.configDir': setting({
    option: 'config-dir',
    type: text('the name of a folder'),
    group: PROCESS,
    element: '',
    describe: 'Write opensrf_core.xml, opensrf.xml and srfsh.xml with the real port into this folder',
  }),
  'process.pidFile': setting({ option: 'pid-file', type: FILE, group: PROCESS, element: '', describe: 'Write the process id to this file once logins work' }),
  'process.title': setting({ option: 'process-title', type: text('a title'), group: PROCESS, element: '', hidden: true, describe: 'Show this title in ps' }),
  'process.daemon': setting({
    option: 'daemon',
    type: BOOLEAN,
    group: PROCESS,
    element: '',
    fallback: false,
    describe: 'Run in the background; return once logins work',
  }),
} as const;
