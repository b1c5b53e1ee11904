import { CONTROL_OPTIONS } from './control-options.ts';
import { DOUBLES_OPTIONS } from './fixture-options.ts';
import { LOG_OPTIONS } from './log-options.ts';
import { SERVER_OPTIONS } from './options.ts';

/** What a server is, and where it logs. */
export const SERVER_AND_LOG_OPTIONS = { ...SERVER_OPTIONS, ...LOG_OPTIONS } as const;

/** The options of `serve` that a site sets once and for all: on the command line, in the environment, or in the `<chopchop>` section of its file. */
export const SITE_OPTIONS = { ...SERVER_AND_LOG_OPTIONS, ...CONTROL_OPTIONS, ...DOUBLES_OPTIONS } as const;
