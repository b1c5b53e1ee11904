import { brotliDecompressSync } from 'node:zlib';

/** @returns The text of a compressed bundle. */
export function unpacked(content: Buffer): string {
  // Bundles are ASCII.
  return brotliDecompressSync(content).toString('latin1');
}
