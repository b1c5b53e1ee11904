import * as problem from '../config/problem.ts';
import * as recorded from '../fixture/recording/recorded-exchange.ts';
import * as stubFiles from '../fixture/stub-files/error.ts';
import * as tcp from '../net/tcp.ts';
import * as identity from '../net/tls/identity.ts';
import * as settings from '../settings/settings-error.ts';
import type { ClassOf } from './class-of.ts';

/**
 * The place of a {@link Problem}.
 * @beta
 */
export interface Place {
  /** The options (`library`), the file of `config` (`file`), or a default; the others come from the command line alone. */
  readonly source: 'command line' | 'environment' | 'file' | 'library' | 'default';
  /** The name of the setting there, as `router.holdMs` or `<hold>`; `''` if the line is enough. */
  readonly name: string;
  /** The name of the file; `''` if it is none. */
  readonly file: string;
  /** The line, counted from 1; 0 if it is not known. */
  readonly line: number;
}

/**
 * One mistake in the options, or in the file of `config`.
 * @beta
 */
export interface Problem {
  /** Where it stands. */
  readonly place: Place;
  /** What is wrong. */
  readonly text: string;
  /** `file`: a file cannot be read; `content`: a value is wrong. */
  readonly fault: 'content' | 'file';
}

/**
 * Options are wrong. `message` has a line for each problem.
 * @public
 */
export interface ConfigError extends Error {
  /** Tells its type. */
  readonly name: 'ConfigError';
  /** Every problem that was found. */
  readonly problems: readonly Problem[];
}

/** The class of {@link ConfigError}. */
export const ConfigError: ClassOf<ConfigError> = problem.ConfigError;

/**
 * An address, a port or the path of a socket could not be listened on. `message` has the place, the reason and what to do.
 * @public
 */
export interface ListenError extends Error {
  /** Tells its type. */
  readonly name: 'ListenError';
  /** The system's code, as `EADDRINUSE`; `''` if there is none. */
  readonly code: string;
}

/** The class of {@link ListenError}. */
export const ListenError: ClassOf<ListenError> = tcp.ListenError;

/**
 * A certificate or its key cannot be used. `message` has the names of the files.
 * @public
 */
export interface CertificateError extends Error {
  /** Tells its type. */
  readonly name: 'CertificateError';
}

/** The class of {@link CertificateError}. */
export const CertificateError: ClassOf<CertificateError> = identity.CertificateError;

/**
 * The `opensrf.xml` of the built-in `opensrf.settings` cannot be used. `message` has the name of the file, and the line if it is known.
 * @public
 */
export interface SettingsError extends Error {
  /** Tells its type. */
  readonly name: 'SettingsError';
  /** `file`: it cannot be read; `content`: what stands in it is wrong. */
  readonly fault: 'file' | 'content';
}

/** The class of {@link SettingsError}. */
export const SettingsError: ClassOf<SettingsError> = settings.SettingsError;

/**
 * Files of stub services cannot be used. `message` has a line for each problem.
 * @public
 */
export interface StubFileError extends Error {
  /** Tells its type. */
  readonly name: 'StubFileError';
  /** Every problem that was found, as `FILE:LINE: path: what is wrong`. */
  readonly problems: readonly string[];
}

/** The class of {@link StubFileError}. */
export const StubFileError: ClassOf<StubFileError> = stubFiles.StubFileError;

/**
 * A recording cannot be read or written. `message` has the name of the file, and the line if it is known.
 * @public
 */
export interface RecordingError extends Error {
  /** Tells its type. */
  readonly name: 'RecordingError';
}

/** The class of {@link RecordingError}. */
export const RecordingError: ClassOf<RecordingError> = recorded.RecordingError;
