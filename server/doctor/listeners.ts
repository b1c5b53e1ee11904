import { ControlClient } from '../control/control-client.ts';
import { leftControlFiles } from '../control/control-file.ts';
import type { ListenerReport, RouterReport } from '../control/services.ts';
import { CommandError } from '../kernel/exit-codes.ts';
import { type Finding, warning } from './finding.ts';

const TIMEOUT_MS = 5_000;

const REASONS = {
  silent: 'has not answered for longer than usual',
  unread: 'reads nothing',
  replaced: 'does not answer, and a new process of its program has registered',
  gone: 'is gone: its process has ended, and a new one has registered',
  '': '',
} as const satisfies Record<ListenerReport['suspicion'], string>;

/** Warns of suspected listeners of the running server. Only its control interface knows them. @param server Its process ID. */
export async function checkListeners(server: number): Promise<Finding[]> {
  const found = leftControlFiles().find(({ file }) => file.pid === server);
  if (found === undefined) return [];
  try {
    const { routers } = (await new ControlClient(found.file).get('/api/v1/routers', TIMEOUT_MS)) as { readonly routers: readonly RouterReport[] };
    return routers.flatMap(suspects);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return [warning(error.message, `restart the server: kill ${server}`)];
  }
}

function suspects({ router, services }: RouterReport): Finding[] {
  return services.flatMap(({ service, listeners }) =>
    listeners
      .filter(({ suspicion }) => suspicion !== '')
      .map(({ jid, suspicion, unanswered }) =>
        warning(
          `${router}: a listener of ${service} ${REASONS[suspicion]} (${unanswered} unanswered): ${jid}`,
          `restart the service: osrf_control --localhost --restart --service ${service}`,
        ),
      ),
  );
}
