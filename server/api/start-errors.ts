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
  /** The options (`library`), the file of `config` (`file`), or a default; the other sources exist for the command line only. */
  readonly source: 'command line' | 'environment' | 'file' | 'library' | 'default';
  /** The name of the setting there, as `router.holdMs` or `<hold>`; `''` if the line is enough. */
  readonly name: string;
  /** The name of the file, or `''`. */
  readonly file: string;
  /** The line, counted from 1; 0 if unknown. */
  readonly line: number;
}

/**
 * One mistake in the options, or in the file of `config`.
 * @beta
 */
export interface Problem {
  /** Its place. */
  readonly place: Place;
  /** Its description. */
  readonly text: string;
  /** `file`: a file cannot be read; `content`: a value is invalid. */
  readonly fault: 'content' | 'file';
}

/**
 * Options are invalid. `message` has a line for each problem.
 * @public
 */
export interface ConfigError extends Error {
  /** The name of the type. */
  readonly name: 'ConfigError';
  /** All problems. */
  readonly problems: readonly Problem[];
}

/** The class of {@link ConfigError}. */
export const ConfigError: ClassOf<ConfigError> = problem.ConfigError;

/**
 * The server cannot listen on an address, a port or a socket's path. `message` has the place, the reason and a remedy.
 * @public
 */
export interface ListenError extends Error {
  /** The name of the type. */
  readonly name: 'ListenError';
  /** The system's code, as `EADDRINUSE`, or `''`. */
  readonly code: string;
}

/** The class of {@link ListenError}. */
export const ListenError: ClassOf<ListenError> = tcp.ListenError;

/**
 * A certificate or its key is unusable. `message` has the names of the files.
 * @public
 */
export interface CertificateError extends Error {
  /** The name of the type. */
  readonly name: 'CertificateError';
}

/** The class of {@link CertificateError}. */
export const CertificateError: ClassOf<CertificateError> = identity.CertificateError;

/**
 * The `opensrf.xml` of the built-in `opensrf.settings` is unusable. `message` has the name of the file, and the line if known.
 * @public
 */
export interface SettingsError extends Error {
  /** The name of the type. */
  readonly name: 'SettingsError';
  /** `file`: it cannot be read; `content`: its content is invalid. */
  readonly fault: 'file' | 'content';
}

/** The class of {@link SettingsError}. */
export const SettingsError: ClassOf<SettingsError> = settings.SettingsError;

/**
 * Files of stub services are invalid. `message` has a line for each problem.
 * @public
 */
export interface StubFileError extends Error {
  /** The name of the type. */
  readonly name: 'StubFileError';
  /** All problems, as `FILE:LINE: path: reason`. */
  readonly problems: readonly string[];
}

/** The class of {@link StubFileError}. */
export const StubFileError: ClassOf<StubFileError> = stubFiles.StubFileError;

/**
 * A recording cannot be read or written. `message` has the name of the file, and the line if known.
 * @public
 */
export interface RecordingError extends Error {
  /** The name of the type. */
  readonly name: 'RecordingError';
}

/** The class of {@link RecordingError}. */
export const RecordingError: ClassOf<RecordingError> = recorded.RecordingError;
