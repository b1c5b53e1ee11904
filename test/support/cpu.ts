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
