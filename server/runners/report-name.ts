import { relative } from 'node:path';

const MAX_LENGTH = 60;

/**
 * @param file The path of a file of tests. @param test The name of its first failed test.
 * @returns The name of the page about it, as `test-math.test-a-wrong-sum.html`: two runs give the same one, and two files different ones.
 */
export function reportName(file: string, test: string): string {
  const path = relative(process.cwd(), file).replace(/\.[cm]?[jt]sx?$/, '');
  return `${plain(path)}-${plain(test).slice(0, MAX_LENGTH)}.html`;
}

/** Without characters that a file's name cannot have everywhere. */
function plain(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}.]+/gu, '-').replaceAll(/^[-.]+|[-.]+$/g, '');
}
