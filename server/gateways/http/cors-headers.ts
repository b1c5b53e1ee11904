/** The headers that OpenSRF's pages send and read. */
export const CORS_HEADERS = 'X-OpenSRF-to,X-OpenSRF-xid,X-OpenSRF-from,X-OpenSRF-thread,X-OpenSRF-timeout,X-OpenSRF-service,X-OpenSRF-multipart';
