/**
 * opensrf-chopchop as a library: a Jabber server with OpenSRF's routers for tests, stub services, and an OpenSRF client for any Jabber server.
 * Begin with {@link startChopChop}.
 */

export type { ReplyLimits } from '../shared/osrf/reply.ts';
export type { Envelope } from '../shared/osrf/write.ts';
export type { Account } from './config/account.ts';
export type { ChopChopConfig, ConfigInput, RouterConfig } from './config/config.ts';
export type { Limits } from './config/limits.ts';
export { ConfigError, type Place, type Problem } from './config/problem.ts';
export type { Exchange, ExchangeState } from './conversations/exchange.ts';
export type { FixtureClientOptions } from './fixture/clients.ts';
export type { Fault, FaultAction, FaultKind, FaultOptions, FaultScope } from './fixture/faults/fault.ts';
export { type ChopChopFixture, type ResetScope, startChopChop } from './fixture/fixture.ts';
export type { FixtureOptions } from './fixture/options.ts';
export { type RecordedExchange, type RecordedStanza, RecordingError } from './fixture/recording/recorded-exchange.ts';
export type { NotRecorded } from './fixture/recording/replay.ts';
export { anything, containing, type Matcher, type RequestFilter } from './fixture/requests/matching.ts';
export type { Times } from './fixture/requests/request-log.ts';
export type { SiteFiles } from './fixture/site-files.ts';
export { StubFileError } from './fixture/stub-files/error.ts';
export type { Stub, StubOptions } from './fixture/stubs/stubs.ts';
export type { Log } from './kernel/log.ts';
export { type BoundAddress, ListenError } from './net/tcp.ts';
export { CertificateError } from './net/tls/identity.ts';
export { type ClientOptions, OsrfClient, type SessionSettings } from './osrf/client.ts';
export type { OsrfClientSession } from './osrf/client-session.ts';
export { OsrfError, type OsrfErrorKind, OsrfTimeout } from './osrf/errors.ts';
export { ConnectError, type Credentials, LoginError, type LoginOptions } from './osrf/login.ts';
export type { Answer, OsrfRequest } from './osrf/request.ts';
export { OsrfService, type ServiceOptions } from './osrf/service.ts';
export type { Method, MethodDefinition, MethodFunction, Methods } from './osrf/service-description.ts';
export type { ServiceRequest, ServiceSession } from './osrf/service-request.ts';
export { ServiceStatus } from './osrf/service-status.ts';
export type { Listening, WebSocketAddress } from './streams/listeners.ts';
