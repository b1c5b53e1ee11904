// Loaded into a member with --expose-gc: answers each message of its parent with the bytes that the process keeps, after two collections.
process.on('message', () => {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  process.send(heapUsed + external);
});
process.channel.unref();
