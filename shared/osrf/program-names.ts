// Only OpenSRF's libraries name resources like this; only the search for dead listeners and the log of failed requests use these names.

/** A program and its process, from the full JID of its session. */
export interface ProcessName {
  /** The JID without its numbers: the same for all processes of the program on one machine. */
  readonly program: string;
  readonly pid: number;
}

/** `NAME_HOST_SECONDS.MICROS_PID` in C, `NAME_HOST_PID` in Perl. */
const C_OR_PERL = /^(.+?)(?:_\d+\.\d+)?_([1-9]\d{0,9})$/;
/** `NAME_HOST:PID_THREAD`. */
const PYTHON = /^(.+):([1-9]\d{0,9})_[^_:]+$/;

/** The program and process of a session; null if its resource has another form. */
export function processName(jid: string): ProcessName | null {
  const slash = jid.indexOf('/');
  const resource = jid.slice(slash + 1);
  const match = slash === -1 ? null : (C_OR_PERL.exec(resource) ?? PYTHON.exec(resource));
  return match === null ? null : { program: jid.slice(0, slash + 1) + match[1], pid: Number(match[2]) };
}

/** `SERVICE_listener_HOST…`, `SERVICE_drone_HOST…`, in Perl with `at_` before the host. */
const TEAM_MEMBER = /^(.+?)_(listener|drone)_(?:at_)?([^_:]+)/;

/** The team of a session: a listener and its workers share account, service and host. */
export interface TeamMember {
  readonly team: string;
  readonly service: string;
  readonly role: 'listener' | 'drone';
}

/** The team of a listener or worker; null for any other session. */
export function teamMember(jid: string): TeamMember | null {
  const slash = jid.indexOf('/');
  const match = slash === -1 ? null : TEAM_MEMBER.exec(jid.slice(slash + 1));
  return match === null ? null : { team: `${jid.slice(0, slash)} ${match[1]} ${match[3]}`, service: match[1] as string, role: match[2] as TeamMember['role'] };
}
