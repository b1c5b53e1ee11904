/**
 * The processor time that something takes in this process, in milliseconds. Unlike the clock it does not run while others have the processor, so what is
 * asserted of it holds on a busy machine too.
 */
export function cpuMs(action: () => void): number {
  const start = process.cpuUsage();
  action();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

/** The same for what takes several turns of the event loop: with all that happens meanwhile in this process. */
export async function cpuMsOf(action: () => Promise<void>): Promise<number> {
  const start = process.cpuUsage();
  await action();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}
