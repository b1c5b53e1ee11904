/** The reason why a connection was closed, in logs and counts. */
export type CloseReason =
  | 'client-closed'
  | 'client-disconnected'
  | 'connection-failed'
  | 'stream-error'
  | 'login-failed'
  | 'login-timeout'
  | 'crowded-out'
  | 'memory-budget'
  | 'replaced'
  | 'process-ended'
  | 'closed-by-operator'
  | 'slow-reader'
  | 'ping-timeout'
  | 'unacknowledged'
  | 'resumption-timeout'
  | 'server-stopped'
  | 'internal-error';
