import { readdirSync, readFileSync } from 'node:fs';
import { leftControlFiles } from '../control/control-file.ts';
import { type Finding, ok, warning } from './finding.ts';

/** The descriptors that a process needs for itself. */
const OWN = 40;

/** Whether the running server could hand its sessions over to the next process (`restart`). @param server Its process ID. */
export function checkRestart(server: number): Finding[] {
  if (!leftControlFiles().some(({ file }) => file.pid === server)) {
    return [ok(`a restart of pid ${server} ends its sessions: "restart" needs a control interface (--control-socket PATH)`)];
  }
  const [used, most] = descriptorsOf(server);
  const text = `${used} of ${most} file descriptors`;
  if (used + OWN > most)
    return [warning(`pid ${server} uses ${text}: the next process would have too few`, `raise the limit and start it anew: ulimit -n ${4 * used}`)];
  return [ok(`"restart" can hand over the sessions of pid ${server} (${text})`)];
}

/** The open descriptors of a process and their limit, by proc(5); 0 and infinity if it is not readable. */
function descriptorsOf(pid: number): [used: number, most: number] {
  try {
    const [, most = ''] = /^Max open files +(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8')) ?? [];
    return [readdirSync(`/proc/${pid}/fd`).length, Number(most) || Number.POSITIVE_INFINITY];
  } catch {
    return [0, Number.POSITIVE_INFINITY];
  }
}
