import { WriteStream } from 'node:tty';

/**
 * Whether to write in colours: on a terminal that has some, unless NO_COLOR says otherwise; elsewhere only if FORCE_COLOR asks for it. Node knows what
 * these variables and TERM mean.
 */
export function hasColors(isTerminal: boolean, environment: NodeJS.ProcessEnv = process.env): boolean {
  // An empty NO_COLOR counts as unset (no-color.org).
  const { NO_COLOR: refused, ...others } = environment;
  const meant = refused === '' ? others : environment;
  return (isTerminal || meant['FORCE_COLOR'] !== undefined) && WriteStream.prototype.getColorDepth(meant) > 1;
}
