/** The word that the user probably meant: the only one that begins with the typed text, or the one with the fewest typing mistakes; null: none is near. */
export function nearest(typed: string, words: readonly string[]): string | null {
  const beginning = words.filter((word) => typed.length > 1 && word.startsWith(typed));
  if (beginning.length === 1) return beginning[0] as string;
  const [best] = words.map((word) => ({ word, mistakes: mistakesBetween(typed, word) })).sort((one, other) => one.mistakes - other.mistakes);
  return best !== undefined && best.mistakes <= Math.max(1, Math.floor(typed.length / 3)) ? best.word : null;
}

/** The Damerau–Levenshtein distance: letters missing, added, wrong, or swapped with the next one. */
function mistakesBetween(typed: string, word: string): number {
  const rows = [Array.from({ length: word.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number) => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= typed.length; row++) {
    rows.push([row]);
    for (let column = 1; column <= word.length; column++) {
      const wrong = typed[row - 1] === word[column - 1] ? 0 : 1;
      const swapped = typed[row - 1] === word[column - 2] && typed[row - 2] === word[column - 1];
      const ways = [
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        at(row - 1, column - 1) + wrong,
        swapped ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
      ];
      rows[row]?.push(Math.min(...ways));
    }
  }
  return at(typed.length, word.length);
}
