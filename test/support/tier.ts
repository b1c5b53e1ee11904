/** Whether this is the quick tier (`test/quick.ts`), which tries fewer cases of the same rules. */
const QUICK = process.env['TEST_TIER'] === 'quick';

/** How many cases to try: all of them, or fewer in the quick tier. */
export function cases(all: number, quick = Math.ceil(all / 8)): number {
  return QUICK ? Math.min(all, quick) : all;
}

/** Of the numbers below `all` as many, or a few less, at equal distances. */
export function spread(all: number, quick?: number): number[] {
  const distance = Math.ceil(all / cases(all, quick));
  return Array.from({ length: all }, (_, index) => index).filter((index) => index % distance === 0);
}
