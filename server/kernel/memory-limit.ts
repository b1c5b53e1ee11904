import { getHeapStatistics } from 'node:v8';

const HEAP_PART = 0.6;
/** The memory of the process besides its heap. */
const BESIDES_HEAP_BYTES = 100_000_000;

/** The default of the memory for peers, in bytes: a part of the memory of the process. */
export function defaultMemoryLimit(): number {
  const heap = getHeapStatistics().heap_size_limit;
  // 0, or an absurd number, outside a container.
  const container = process.constrainedMemory();
  const ofContainer = container > 0 ? Math.max(container - BESIDES_HEAP_BYTES, container / 2) : Number.POSITIVE_INFINITY;
  return Math.floor(HEAP_PART * Math.min(heap, ofContainer));
}
