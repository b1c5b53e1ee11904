import { WriteStream } from 'node:tty';

/**
 * Whether to write in colours: on a terminal with colours unless NO_COLOR is set; elsewhere only if FORCE_COLOR is set. Node interprets these variables
 * and TERM.
 */
export function hasColors(isTerminal: boolean, environment: NodeJS.ProcessEnv = process.env): boolean {
  // An empty NO_COLOR counts as unset (no-color.org).
  const { NO_COLOR: refused, ...others } = environment;
  const meant = refused === '' ? others : environment;
  return (isTerminal || meant['FORCE_COLOR'] !== undefined) && WriteStream.prototype.getColorDepth(meant) > 1;
}
