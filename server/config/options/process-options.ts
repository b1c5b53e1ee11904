/** The options of `serve` that describe its process, for yargs. */
export const PROCESS_OPTIONS = {
  'check-config': { type: 'boolean', default: false, group: 'Process:', describe: 'Print what would run, or what is wrong, and stop' },
  'ready-file': {
    type: 'string',
    requiresArg: true,
    group: 'Process:',
    describe: 'Write {pid, c2s, domains, …} as JSON here once logins work; -: to standard output',
  },
  'config-dir': {
    type: 'string',
    requiresArg: true,
    group: 'Process:',
    describe: 'Write opensrf_core.xml, opensrf.xml and srfsh.xml with the real port into this folder',
  },
  'pid-file': { type: 'string', requiresArg: true, group: 'Process:', describe: 'Write the process id here once logins work' },
  'process-title': { type: 'string', requiresArg: true, hidden: true },
  daemon: { type: 'boolean', default: false, group: 'Process:', describe: 'Run in the background; return once logins work' },
} as const;
