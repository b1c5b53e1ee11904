/**
 * The client entry of the library: an OpenSRF client and an OpenSRF service for any Jabber server. It loads no part of the server.
 * Begin with {@link OsrfClient}.
 */

export {
  type Answer,
  type ClientOptions,
  OsrfClient,
  type OsrfClientConstructor,
  type OsrfClientSession,
  type OsrfRequest,
  type SessionSettings,
} from './api/client.ts';
export { ConnectError, LoginError, OsrfError, type OsrfErrorKind, OsrfTimeout } from './api/client-errors.ts';
export type { Credentials, LoginOptions } from './api/login.ts';
export {
  type Method,
  type MethodDefinition,
  type MethodFunction,
  type Methods,
  OsrfService,
  type OsrfServiceConstructor,
  type ServiceOptions,
  type ServiceRequest,
  type ServiceSession,
  ServiceStatus,
  type ServiceStatusConstructor,
} from './api/service.ts';
