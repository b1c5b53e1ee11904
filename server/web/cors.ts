import type { ServerResponse } from 'node:http';
import type { WebRequest } from './door.ts';
import { type AllowedOrigins, isListed } from './origins.ts';

const DAY_S = '86400';

/** Lets a page of a listed origin read the answer. @param methods Those of the path. @param names The headers that a page may send and read there. */
export function allowOrigin({ message }: WebRequest, response: ServerResponse, allowed: AllowedOrigins, methods: string, names: string): void {
  const { origin } = message.headers;
  if (origin === undefined) return;
  // A shared cache must not give one page's permission to another.
  response.setHeader('Vary', 'Origin');
  if (!isListed(origin, allowed)) return;
  response.setHeader('Access-Control-Max-Age', DAY_S);
  response.setHeader('Access-Control-Allow-Credentials', 'true');
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Allow-Methods', methods);
  response.setHeader('Access-Control-Allow-Headers', names);
  response.setHeader('Access-Control-Expose-Headers', names);
}
