/**
 * The processor time of an action in this process, in milliseconds. Unlike the clock it stops while others have the processor, so assertions
 * hold on a busy machine too.
 */
export function cpuMs(action: () => void): number {
  const start = process.cpuUsage();
  action();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

/** The same for several turns of the event loop, including everything else in this process. */
export async function cpuMsOf(action: () => Promise<void>): Promise<number> {
  const start = process.cpuUsage();
  await action();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}
