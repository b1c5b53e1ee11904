import type { ControlArguments } from '../../config/options/control-options.ts';
import type { LogArguments } from '../../config/options/log-options.ts';
import type { ServerArguments } from '../../config/options/options.ts';
import type { DoublesArguments } from './doubles.ts';

/** The arguments of `serve`. */
export interface ServeArguments extends ServerArguments, LogArguments, ControlArguments, DoublesArguments {
  readonly checkConfig: boolean;
  readonly readyFile?: string | undefined;
  /** Where to write the files of a site. */
  readonly configDir?: string | undefined;
  readonly pidFile?: string | undefined;
  readonly daemon: boolean;
  /** What `ps` is to show. */
  readonly processTitle?: string | undefined;
}

/** Reads environment and configuration file anew. @throws CommandError */
export type ReadArguments = () => ServeArguments;
