import { once } from 'node:events';
import { createServer } from 'node:net';
import { readNatsAuthorities, readNatsCredentials } from '../../cluster/engines/nats-files.ts';
import { formatPlace } from '../../config/problem.ts';
import type { SettingPath } from '../../config/settings.ts';
import type { Resolved } from '../../config/sources/resolve.ts';
import { CommandError, EXIT } from '../../kernel/exit-codes.ts';
import { checkFolderCanBeMade, checkWritable } from '../../kernel/files.ts';
import { NULL_DEVICE } from '../../logging/log-file.ts';
import { probeSyslog } from '../../logging/syslog.ts';
import { ListenError } from '../../net/tcp.ts';
import { readIdentity, readPem } from '../../net/tls/identity.ts';
import { checkUnixPath } from '../../net/unix.ts';
import { PidFile } from '../../process/pid-file.ts';
import { SettingsFile } from '../../settings/settings-file.ts';
import { startFailure } from './server-start.ts';
import { loadTestDoubles } from './test-doubles.ts';

/** The highest privileged port. */
const HIGHEST_PRIVILEGED = 1_023;

/** A step of the start, with its setting; `''`: the message names it. */
type Step = readonly [path: SettingPath | '', check: () => unknown];

/**
 * Checks everything that a start may fail at, without starting or writing anything. A running server is no failure: its users check configurations too.
 * @throws CommandError with every failure, each with its setting.
 */
export async function checkStart(resolved: Resolved): Promise<void> {
  const failures: CommandError[] = [];
  for (const [path, check] of stepsOf(resolved)) {
    const failure = await failureOf(check);
    const place = path === '' ? '' : `${formatPlace(resolved.settings.placeOf(path))}: `;
    if (failure !== null) failures.push(new CommandError(failure.exitCode, place + failure.message));
  }
  const [first] = failures;
  if (first !== undefined) throw new CommandError(first.exitCode, failures.map(({ message }) => message).join('\n'));
}

function stepsOf(resolved: Resolved): Step[] {
  const { config, settings, log, control } = resolved;
  const { values } = settings;
  const { tls, unix, cluster } = config;
  const given = (path: SettingPath, file: string | null, check: (file: string) => unknown): Step[] => (file === null ? [] : [[path, () => check(file)]]);
  return [
    ['', () => loadTestDoubles(settings)],
    ...given('record', values.record, (file) => checkWritable(file)),
    ...given('settings.file', config.settings?.file ?? null, (file) => new SettingsFile(file)),
    ['tls.certificate', () => tls !== null && tls.certificate !== 'self-signed' && readIdentity(tls.certificate)],
    // Without a setting the log is that of the site's first router.
    [
      settings.isGiven('log.file') ? 'log.file' : '',
      () => log.destination.kind === 'file' && log.destination.path !== NULL_DEVICE && checkWritable(log.destination.path),
    ],
    [settings.isGiven('log.syslog') ? 'log.syslog' : '', () => log.destination.kind === 'syslog' && probeSyslog({ ...log.destination, name: log.name })],
    ...given('process.pidFile', values['process.pidFile'], checkPidFile),
    ...given('process.readyFile', values['process.readyFile'], (file) => file === '-' || checkWritable(file)),
    ...given('process.configDir', values['process.configDir'], (folder) => checkFolderCanBeMade(folder)),
    ...given('control.file', control?.file ?? null, (file) => checkWritable(file)),
    ...given('control.socket', control?.place.socket ?? null, checkUnixPath),
    ...given('cluster.credentialsFile', cluster?.credentialsFile || null, readNatsCredentials),
    ...given('cluster.caFile', cluster?.caFile || null, readNatsAuthorities),
    ...config.s2s.peers.flatMap(({ ca }): Step[] => (ca === '' ? [] : [['s2s.peers', () => readPem(ca)]])),
    ...unix.paths.map((path): Step => ['unix.paths', () => checkUnixPath(path)]),
    ...listeningSteps(resolved),
  ];
}

/** Checks that the addresses belong to this machine and that the process may listen on privileged ports. */
function listeningSteps({ config }: Resolved): Step[] {
  const { hosts, ports, tls, websocket, web, components, s2s } = config;
  const steps = addressSteps('hosts', hosts, [
    ['ports', ports],
    ['tls.ports', tls?.ports ?? []],
    ['websocket.ports', websocket.ports],
    ['websocket.tlsPorts', websocket.tlsPorts],
    ['components.port', components.port === null ? [] : [components.port]],
    ['s2s.port', s2s.port === null ? [] : [s2s.port]],
  ]);
  const ofWeb: readonly PortsOfSetting[] = [
    ['web.ports', web.ports],
    ['web.tlsPorts', web.tlsPorts],
  ];
  return [...steps, ...(web.hosts.length === 0 ? addressSteps('hosts', hosts, ofWeb) : addressSteps('web.hosts', web.hosts, ofWeb))];
}

type PortsOfSetting = readonly [path: SettingPath, ports: readonly number[]];

function addressSteps(pathOfHosts: SettingPath, hosts: readonly string[], all: readonly PortsOfSetting[]): Step[] {
  const privileged = all.flatMap(([path, some]) => some.filter((port) => port > 0 && port <= HIGHEST_PRIVILEGED).map((port) => [path, port] as const));
  return hosts.flatMap((host) => [
    [pathOfHosts, () => checkAddress(host, 0)],
    ...privileged.map(([path, port]): Step => [path, () => checkAddress(host, port)]),
  ]);
}

/** @throws ListenError, unless the port is only in use. */
async function checkAddress(host: string, port: number): Promise<void> {
  const server = createServer().listen({ host, port });
  try {
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
  } catch (error) {
    const failure = ListenError.at(host, port, error as NodeJS.ErrnoException);
    if (failure.code !== 'EADDRINUSE') throw failure;
  }
}

function checkPidFile(path: string): void {
  try {
    new PidFile(path).check();
  } catch (error) {
    if (!(error instanceof CommandError) || error.exitCode !== EXIT.running) throw error;
  }
  checkWritable(path);
}

/** null: passed. */
async function failureOf(check: () => unknown): Promise<CommandError | null> {
  try {
    await check();
    return null;
  } catch (error) {
    const failure = startFailure(error);
    if (failure instanceof CommandError) return failure;
    throw failure;
  }
}
