/** Puts a text on one line: Perl's exceptions contain line ends, and any text may contain terminal controls. */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: to remove them
  return text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
}
