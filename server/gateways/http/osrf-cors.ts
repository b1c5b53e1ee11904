import type { Permission } from '../../web/cors.ts';

/** What OpenSRF's gateways let pages do: with credentials, and with these headers. */
export const OSRF_CORS: Permission = {
  methods: 'POST,OPTIONS',
  headers: 'X-OpenSRF-to,X-OpenSRF-xid,X-OpenSRF-from,X-OpenSRF-thread,X-OpenSRF-timeout,X-OpenSRF-service,X-OpenSRF-multipart',
  credentials: true,
};
