// Which code a test file executes, by V8's own count.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The code executed in one run, by compiled file. */
export class Coverage {
  #ranges = new Map();

  /** @param {string} folder The value of NODE_V8_COVERAGE. @param {string} dist The compiled code. */
  constructor(folder, dist) {
    const prefix = pathToFileURL(join(dist, '/')).href;
    for (const name of readdirSync(folder)) {
      const scripts = JSON.parse(readFileSync(join(folder, name), 'utf8')).result;
      for (const { url, functions } of scripts) if (url.startsWith(prefix)) this.#add(url.slice(prefix.length), functions);
    }
  }

  /** @returns whether the code at that place of a file was executed. */
  has(file, at) {
    return (this.#ranges.get(file) ?? []).some((ranges) => innermost(ranges, at)?.count > 0);
  }

  // Tests may start programs of their own, so a file may have been loaded more than once.
  #add(file, functions) {
    const runs = this.#ranges.get(file) ?? [];
    runs.push(functions.flatMap(({ ranges }) => ranges));
    this.#ranges.set(file, runs);
  }
}

/** The shortest range around a place counts: V8 tells of a function, and of the blocks in it that were executed another number of times. */
function innermost(ranges, at) {
  const around = ranges.filter(({ startOffset, endOffset }) => startOffset <= at && at < endOffset);
  return around.sort((a, b) => a.endOffset - a.startOffset - (b.endOffset - b.startOffset))[0];
}
