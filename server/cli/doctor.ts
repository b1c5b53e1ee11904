import { existsSync, statSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import type { ChopChopConfig } from '../config/config.ts';
import { ConfigError, formatProblem } from '../config/problem.ts';
import type { ValuesOf } from '../config/setting.ts';
import type { OpensrfCore } from '../config/sources/opensrf-core.ts';
import { type Resolved, resolveSettings } from '../config/sources/resolve.ts';
import { type Finding, failure, warning } from '../doctor/finding.ts';
import { checkListeners } from '../doctor/listeners.ts';
import { checkLog } from '../doctor/log.ts';
import { checkLogins } from '../doctor/logins.ts';
import { checkClock, checkName, checkNode } from '../doctor/machine.ts';
import { checkPort, type PortFinding } from '../doctor/ports.ts';
import { checkRestart } from '../doctor/restart.ts';
import { checkSettings } from '../doctor/settings.ts';
import { checkCore, checkSrfsh } from '../doctor/site.ts';
import { checkWeb } from '../doctor/web.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import type { ParsedArguments } from './arguments.ts';
import type { DOCTOR_OPTIONS } from './client-options.ts';

const SIGNS = { ok: 'ok  ', warning: 'WARN', failure: 'FAIL' } as const;

/**
 * Checks everything that may keep OpenSRF's programs from reaching a server with these settings.
 * @throws CommandError with the number of failures, after printing them.
 */
export async function doctor(args: ParsedArguments, { json }: ValuesOf<typeof DOCTOR_OPTIONS>, print: (line: string) => void): Promise<void> {
  const findings = await examine(args);
  if (json) print(JSON.stringify(findings));
  else for (const finding of findings) printFinding(finding, print);
  const failures = findings.filter(({ grade }) => grade === 'failure').length;
  if (failures > 0) throw new CommandError(EXIT.failed, `${failures} failure${failures === 1 ? '' : 's'}`);
}

async function examine(args: ParsedArguments): Promise<Finding[]> {
  const findings = [checkNode(process.version)];
  let resolved: Resolved;
  try {
    resolved = resolveSettings({ command: 'doctor', args, environment: process.env, isTerminal: false, inBackground: true });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [...findings, ...error.problems.map((problem) => failure(formatProblem(problem), 'correct that option, or that line of the file'))];
  }
  const { config, core } = resolved;
  const file = resolved.settings.values.config ?? '';
  const settings = config.settings?.file ?? core?.settingsConfig ?? '';
  findings.push(checkClock(new Date(), youngest([file, settings])));
  findings.push(...(await Promise.all(config.domains.map((domain) => checkName(domain, config.hosts)))));
  findings.push(...(await checkPorts(resolved)), ...checkWeb(config), ...(await checkPeers(config)));
  // Loads the client of NATS.
  if (config.cluster !== null) findings.push(...(await (await import('../doctor/nats.ts')).checkNats(config.cluster, config.limits)));
  findings.push(...checkLog(resolved.log));
  const odd = resolved.warnings.filter((one) => core?.warnings.includes(one) !== true);
  findings.push(...odd.map((one) => warning(formatProblem(one), 'correct that option, or that line of the file')));
  if (core !== null) findings.push(...checkFiles(core, file, settings, config.settings !== null));
  return findings;
}

/** Loaded on demand, because few servers have peers. */
async function checkPeers(config: ChopChopConfig): Promise<Finding[]> {
  return config.s2s.peers.length === 0 ? [] : await (await import('../doctor/peers.ts')).checkPeers(config);
}

async function checkPorts({ config }: Resolved): Promise<Finding[]> {
  const { ports, tls, websocket, web, components, s2s } = config;
  const findings = await checkPortsOf(config, ports);
  const others = [
    await checkPortsOf(config, tls?.ports ?? [], 'TLS'),
    await checkPortsOf(config, [...websocket.ports, ...websocket.tlsPorts], 'WebSockets'),
    await checkPortsOf(web.hosts.length === 0 ? config : { hosts: web.hosts }, [...web.ports, ...web.tlsPorts], 'browsers'),
    await checkPortsOf(config, components.port === null ? [] : [components.port], 'components'),
    await checkPortsOf(config, s2s.port === null ? [] : [s2s.port], 'peer servers'),
  ];
  const server = findings.map(({ server }) => server).find((pid) => pid !== null);
  const plain = [...findings, ...others.flat()].map(({ grade, text, remedy }) => ({ grade, text, remedy }));
  return server === undefined || server === null
    ? plain
    : [...plain, ...(await checkLogins(config, server)), ...(await checkListeners(server)), ...checkRestart(server)];
}

/** An address on all interfaces. */
function checkPortsOf({ hosts }: Pick<ChopChopConfig, 'hosts'>, ports: readonly number[], purpose = ''): Promise<PortFinding[]> {
  const fixed = ports.filter((port) => port > 0);
  return Promise.all(hosts.flatMap((host) => fixed.map((port) => checkPort(host, port, purpose))));
}

function checkFiles(core: OpensrfCore, file: string, settings: string, builtIn: boolean): Finding[] {
  const findings = checkCore(core, file);
  const hostName = process.env['OSRF_HOSTNAME'] || hostname();
  if (settings !== '') findings.push(...checkSettings(settings, { core, hostName, builtIn }));
  const srfsh = join(homedir(), '.srfsh.xml');
  return existsSync(srfsh) ? [...findings, ...checkSrfsh(srfsh, core)] : findings;
}

/** The latest modification time of some files; missing files are skipped. */
function youngest(files: readonly string[]): Date {
  const times = files.filter((file) => existsSync(file)).map((file) => statSync(file).mtimeMs);
  return new Date(Math.max(0, ...times));
}

function printFinding({ grade, text, remedy }: Finding, print: (line: string) => void): void {
  print(`${SIGNS[grade]}  ${text}`);
  if (remedy !== '') print(`      fix: ${remedy}`);
}
