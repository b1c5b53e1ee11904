import { getHeapStatistics } from 'node:v8';

const HEAP_PART = 0.6;
/** What the process takes of a container's memory besides its heap. */
const BESIDES_HEAP_BYTES = 100_000_000;

/** How much memory may be kept for peers where no setting says it: a part of what the process may have. In bytes. */
export function defaultMemoryLimit(): number {
  const heap = getHeapStatistics().heap_size_limit;
  // 0, or an absurd number, outside of a container.
  const container = process.constrainedMemory();
  const ofContainer = container > 0 ? Math.max(container - BESIDES_HEAP_BYTES, container / 2) : Number.POSITIVE_INFINITY;
  return Math.floor(HEAP_PART * Math.min(heap, ofContainer));
}
