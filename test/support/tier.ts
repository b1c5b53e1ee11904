/** Whether this is the quick tier (`test/quick.ts`), which tries fewer cases of the same rules. */
const QUICK = process.env['TEST_TIER'] === 'quick';

/** The number of cases to try: all, or fewer in the quick tier. */
export function cases(all: number, quick = Math.ceil(all / 8)): number {
  return QUICK ? Math.min(all, quick) : all;
}

/** All numbers below `all`, or fewer at equal distances. */
export function spread(all: number, quick?: number): number[] {
  const distance = Math.ceil(all / cases(all, quick));
  return Array.from({ length: all }, (_, index) => index).filter((index) => index % distance === 0);
}
