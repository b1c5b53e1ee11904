import { closeSync, constants, openSync, readFileSync, type Stats, statSync, writeSync } from 'node:fs';

/**
 * Refuses a FIFO, a socket or a device: opening or reading one can wait for ever, and writing a file in its place would remove it.
 * A path without a file passes, and so does a folder, which the call behind this one refuses.
 * @param allowed A kind that passes too. @throws Error
 */
export function checkNotSpecial(path: string, allowed: 'FIFO' | '' = ''): void {
  const kind = specialKind(statSync(path, { throwIfNoEntry: false }));
  // With a syscall, as the errors of the system itself.
  if (kind !== allowed && kind !== '') throw Object.assign(new Error(`it is a ${kind}, not a file`), { syscall: 'open' });
}

/** Reads a whole file as UTF-8. @throws Error, also for a FIFO, a socket or a device. */
export function readRegularFile(path: string): string {
  checkNotSpecial(path);
  // O_NONBLOCK: the path may have become a FIFO since.
  return withFile(path, constants.O_RDONLY | constants.O_NONBLOCK, (descriptor) => readFileSync(descriptor, 'utf8'));
}

/** Appends to a file, which it creates if there is none. @throws Error; it never waits. */
export function appendToFile(path: string, text: string): void {
  const bytes = Buffer.from(text);
  withFile(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK, (descriptor) => {
    for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
  });
}

function withFile<Result>(path: string, flags: number, action: (descriptor: number) => Result): Result {
  const descriptor = openSync(path, flags);
  try {
    return action(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function specialKind(stats: Stats | undefined): string {
  if (stats === undefined) return '';
  if (stats.isFIFO()) return 'FIFO';
  if (stats.isSocket()) return 'socket';
  return stats.isCharacterDevice() || stats.isBlockDevice() ? 'device' : '';
}
