import { REPLAY_MODES } from './replay-mode.ts';

const OPTION = { requiresArg: true, group: 'Test doubles:' } as const;

/** The options of `serve` and `exec` for what stands in for real services, for yargs. */
export const DOUBLES_OPTIONS = {
  stubs: { ...OPTION, type: 'string', describe: 'Folder of stub services, as *.yaml or *.json (see docs/fixture.md)' },
  record: { ...OPTION, type: 'string', describe: 'Write every conversation to this file, one line of JSON each' },
  replay: { ...OPTION, type: 'string', describe: 'Answer for the services in a recorded file as they did' },
  'replay-mode': {
    ...OPTION,
    choices: REPLAY_MODES,
    default: REPLAY_MODES[0],
    describe: 'Answer to a request that is not in the recording: another one of the same method if there is one, or always status 404',
  },
  fault: {
    ...OPTION,
    type: 'string',
    array: true,
    describe: 'Let something go wrong, as JSON (repeatable): {"service": "opensrf.math", "status": 503, "times": 1}',
  },
  'fault-seed': { ...OPTION, type: 'number', describe: 'The same seed, the same faults', defaultDescription: 'another one each time' },
} as const;

/** The options of `exec` besides those of the server, for yargs. */
export const EXEC_OPTIONS = {
  service: { type: 'string', array: true, requiresArg: true, describe: 'Service to wait for before the command runs (repeatable)' },
  start: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'Shell command to run beside it: a service under test (repeatable). It is sent SIGTERM at the end',
  },
  timeout: { type: 'number', requiresArg: true, default: 60, describe: 'Seconds to wait for the services' },
  'config-dir': {
    type: 'string',
    requiresArg: true,
    describe: 'Where to write opensrf_core.xml, opensrf.xml and srfsh.xml, and leave them',
    defaultDescription: 'a temporary folder, removed at the end',
  },
} as const;
