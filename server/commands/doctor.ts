import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../config/config.ts';
import type { ServerArguments } from '../config/options.ts';
import { type ResolvedConfig, resolveConfig } from '../config/resolve.ts';
import { type Finding, failure } from '../doctor/finding.ts';
import { checkClock, checkName, checkNode, checkPort } from '../doctor/machine.ts';
import { checkCore, checkSettings, checkSrfsh } from '../doctor/site.ts';
import { CommandError, EXIT } from '../exit-codes.ts';

/** The arguments of `doctor`. */
export interface DoctorArguments extends ServerArguments {
  readonly json: boolean;
}

const SIGNS = { ok: 'ok  ', warning: 'WARN', failure: 'FAIL' } as const;

/**
 * Looks at everything that keeps OpenSRF's programs from talking to a server with these options.
 * @throws CommandError with the number of failures, when all is printed.
 */
export async function doctor(args: DoctorArguments, print: (line: string) => void): Promise<void> {
  const findings = await examine(args);
  if (args.json) print(JSON.stringify(findings));
  else for (const finding of findings) printFinding(finding, print);
  const failures = findings.filter(({ grade }) => grade === 'failure').length;
  if (failures > 0) throw new CommandError(EXIT.failed, `${failures} failure${failures === 1 ? '' : 's'}`);
}

async function examine(args: DoctorArguments): Promise<Finding[]> {
  const findings = [checkNode(process.version), checkClock(new Date())];
  let resolved: ResolvedConfig;
  try {
    resolved = resolveConfig(args);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [...findings, ...error.problems.map((problem) => failure(problem, 'correct it there'))];
  }
  const { config, core } = resolved;
  findings.push(...(await Promise.all(config.domains.map((domain) => checkName(domain)))));
  for (const host of config.hosts) for (const port of config.ports) if (port > 0) findings.push(await checkPort(host, port));
  if (core === null) return findings;
  findings.push(...checkCore(core, args.config as string));
  if (core.settingsConfig !== '') findings.push(checkSettings(core.settingsConfig));
  const srfsh = join(homedir(), '.srfsh.xml');
  return existsSync(srfsh) ? [...findings, ...checkSrfsh(srfsh, core)] : findings;
}

function printFinding({ grade, text, remedy }: Finding, print: (line: string) => void): void {
  print(`${SIGNS[grade]}  ${text}`);
  if (remedy !== '') print(`      mend: ${remedy}`);
}
