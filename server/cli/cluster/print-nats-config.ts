import { writeFileSync } from 'node:fs';
import { type NatsCredentials, readNatsCredentials } from '../../cluster/engines/nats-files.ts';
import { Problems } from '../../config/problem.ts';
import { SETTINGS, SETTINGS_OF_COMMANDS } from '../../config/settings.ts';
import { givenInEnvironment } from '../../config/sources/environment.ts';
import { givenOnCommandLine } from '../../config/sources/given.ts';
import { readOpensrfCore } from '../../config/sources/opensrf-core.ts';
import { readValues } from '../../config/sources/read-values.ts';
import type { Sources } from '../../config/sources/resolve.ts';
import { natsPlace } from '../../config/values/cluster.ts';
import { CommandError, EXIT } from '../../kernel/exit-codes.ts';
import { type NatsConfigValues, natsConfig } from './nats-config.ts';

const PATHS = SETTINGS_OF_COMMANDS.cluster;
const NEEDED = ['cluster.name', 'cluster.nats', 'cluster.credentialsFile'] as const;

/** The options of `cluster print-nats-config` besides its settings. */
export interface NatsConfigOptions {
  /** The number of the server, from 1. */
  readonly server: number;
  /** Whether to write a new nkey first. */
  readonly newKey: boolean;
  readonly certificate: string;
  readonly key: string;
  readonly authorities: string;
}

/** Prints the configuration of a nats-server of the cluster. @throws CommandError, ConfigError */
export async function printNatsConfig(action: string, args: Sources['args'], options: NatsConfigOptions, print: (text: string) => void): Promise<void> {
  if (action !== 'print-nats-config') throw new CommandError(EXIT.usage, 'cluster: say "cluster print-nats-config"');
  const { server, newKey, ...files } = options;
  const { cluster, urls, file } = readSettings(args);
  const places = urls.map((url) => natsPlace(url)).filter((place) => place !== null);
  if (server > places.length) throw new CommandError(EXIT.usage, `--server: ${server} is more than the ${places.length} servers of --nats`);
  if (newKey) await writeKey(file);
  print(natsConfig({ cluster, places, ...(await loginOf(file)), files }, server).trimEnd());
}

/** The command line, the environment and `<chopchop>`, as for the server itself. */
function readSettings(args: Sources['args']): { cluster: string; urls: readonly string[]; file: string } {
  const table = Object.fromEntries(PATHS.map((path) => [path, SETTINGS[path]])) as Pick<typeof SETTINGS, (typeof PATHS)[number]>;
  const problems = new Problems();
  const said = [givenOnCommandLine(table, args), givenInEnvironment(table, process.env)];
  const { config } = readValues({ config: SETTINGS.config }, said, new Problems()).values;
  const { values, parts } = readValues(table, config === null ? said : [...said, readOpensrfCore(config).chopchop.given], problems);
  for (const path of NEEDED) {
    if (!parts.has(path) && !problems.has(path))
      problems.addAt({ source: 'default', name: `--${SETTINGS[path].option}`, file: '', line: 0 }, path, 'is needed');
  }
  problems.throwAll();
  return { cluster: values['cluster.name'] ?? '', urls: values['cluster.nats'], file: values['cluster.credentialsFile'] };
}

/** Writes the seed of a new nkey. @throws CommandError if there is a file. */
async function writeKey(file: string): Promise<void> {
  const { nkeys } = await import('@nats-io/transport-node');
  const seed = new TextDecoder().decode(nkeys.createUser().getSeed());
  try {
    writeFileSync(file, `${seed}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const text = code === 'EEXIST' ? `there is a file ${file} already: omit --new-key to use it, or name another file` : `cannot write ${file}: ${message}`;
    throw new CommandError(EXIT.file, `--new-key: ${text}`);
  }
}

/** @throws CommandError that names the option, and the way to get such a file */
function readCredentials(file: string): NatsCredentials {
  try {
    return readNatsCredentials(file);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const remedy = error.exitCode === EXIT.file ? '; --new-key writes one' : '';
    throw new CommandError(error.exitCode, `--nats-credentials: ${error.message}${remedy}`);
  }
}

async function loginOf(file: string): Promise<Pick<NatsConfigValues, 'login' | 'secret'>> {
  const { kind, text } = readCredentials(file);
  switch (kind) {
    case 'creds':
      throw new CommandError(
        EXIT.usage,
        `${file} has NATS credentials (JWT), whose servers need the configuration of an operator; this command writes one for an nkey (--new-key)`,
      );
    case 'user': {
      const colon = text.indexOf(':');
      return { login: { user: text.slice(0, colon), password: text.slice(colon + 1) }, secret: text };
    }
    case 'seed': {
      const { nkeys } = await import('@nats-io/transport-node');
      return { login: { nkey: nkeys.fromSeed(new TextEncoder().encode(text)).getPublicKey() }, secret: text };
    }
  }
}
