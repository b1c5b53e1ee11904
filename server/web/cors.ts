import type { ServerResponse } from 'node:http';
import type { WebRequest } from './door.ts';
import { type AllowedOrigins, isListed } from './origins.ts';

const DAY_S = '86400';

/** What a page of a listed origin may do at a path. */
export interface Permission {
  readonly methods: string;
  /** Those that it may send and read. */
  readonly headers: string;
  /** Whether its browser may add cookies. */
  readonly credentials: boolean;
}

/** Lets a page of a listed origin read the answer. */
export function allowOrigin({ message }: WebRequest, response: ServerResponse, allowed: AllowedOrigins, { methods, headers, credentials }: Permission): void {
  const { origin } = message.headers;
  if (origin === undefined) return;
  // A shared cache must not give one page's permission to another.
  response.setHeader('Vary', 'Origin');
  if (!isListed(origin, allowed)) return;
  response.setHeader('Access-Control-Max-Age', DAY_S);
  if (credentials) response.setHeader('Access-Control-Allow-Credentials', 'true');
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Allow-Methods', methods);
  response.setHeader('Access-Control-Allow-Headers', headers);
  response.setHeader('Access-Control-Expose-Headers', headers);
}
