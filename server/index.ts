/**
 * The library: a Jabber server with OpenSRF's routers and stub services for tests, and everything of `opensrf-chopchop/client`.
 * Begin with {@link startChopChop}.
 */

export type { Fault, FaultAction, FaultKind, FaultOptions, FaultScope, StanzaErrorCondition } from './api/faults.ts';
export {
  type ChopChopFixture,
  type FixtureClientOptions,
  type FixtureMember,
  type FixturePeer,
  type ReportFiles,
  type ResetScope,
  type SiteFiles,
  startChopChop,
} from './api/fixture.ts';
export type { FixtureCluster, FixtureOptions } from './api/fixture-options.ts';
export type { Limits } from './api/limits.ts';
export type { BoundAddress, Listening, WebSocketAddress } from './api/listening.ts';
export type { NotRecorded, RecordedExchange, RecordedStanza, ReplayMode } from './api/recording.ts';
export { anything, containing, type Exchange, type ExchangeState, type Matcher, type RequestFilter, type Times } from './api/requests.ts';
export type {
  Account,
  ClusterOptions,
  ComponentsOptions,
  Log,
  PeerServer,
  RouterOptions,
  S2sOptions,
  SettingsOptions,
  TlsOptions,
  UnixOptions,
  WebOptions,
  WebSocketOptions,
} from './api/server-options.ts';
export {
  CertificateError,
  ConfigError,
  ListenError,
  type Place,
  type Problem,
  RecordingError,
  SettingsError,
  StubFileError,
} from './api/start-errors.ts';
export type { Stub, StubOptions, UnusedStub } from './api/stubs.ts';
export { VerificationError } from './api/verification-error.ts';
export * from './client.ts';
