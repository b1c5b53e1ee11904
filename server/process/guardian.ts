import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Reads process ids from this process; kills these processes and their descendants when this process ends without sending `end`, even by SIGKILL. A negative id is a
 * process group. Needs only a POSIX shell; without /proc, descendants of a process outside a group survive.
 */
const SCRIPT = `
below() {
  for stat in /proc/[0-9]*/stat; do
    read -r line <"$stat" || continue
    set -- "$1" \${line##*) }
    [ "$3" = "$1" ] || continue
    (child=\${stat#/proc/}; child=\${child%/stat}; echo "$child"; below "$child")
  done
}
kept=
while read -r what pid; do
  case $what in
    keep) kept="$kept $pid" ;;
    forget) others=; for one in $kept; do [ "$one" = "$pid" ] || others="$others $one"; done; kept=$others ;;
    end) exit ;;
  esac
done
all=
for pid in $kept; do
  case $pid in
    -*) all="$all $pid" ;;
    *) all="$all $pid $(below "$pid")" ;;
  esac
done
[ -z "$all" ] && exit
kill -s TERM -- $all
sleep 2
kill -s KILL -- $all
`;

/** Ends children of this process if it is killed. */
export class Guardian {
  private readonly shell: ChildProcess;

  constructor() {
    // In a separate session: Ctrl-C does not reach it.
    this.shell = spawn('/bin/sh', ['-c', SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'], env: {} });
    // Without a shell, children end only if this process ends regularly.
    this.shell.on('error', () => {});
    this.shell.stdin?.on('error', () => {});
    this.shell.unref();
  }

  /** Guards a process, or a process group by its negative id. */
  keep(pid: number): void {
    this.tell(`keep ${pid}`);
  }

  /** The process has ended; its id may soon belong to another one. */
  forget(pid: number): void {
    this.tell(`forget ${pid}`);
  }

  /** Stops guarding. */
  end(): void {
    this.tell('end');
    this.shell.stdin?.end();
  }

  private tell(line: string): void {
    this.shell.stdin?.write(`${line}\n`);
  }
}
