import type { Clock } from '../../shared/clock.ts';
import type { WebRequest } from './door.ts';

/** The body of a request, or the HTTP status to refuse it with; 0: the client has disconnected. */
export type Body = { readonly content: Buffer; readonly status: 200 } | { readonly content: null; readonly status: 0 | 408 | 413 };

/** The limits of a body: size and time. */
export interface BodyLimits {
  readonly webRequestBytes: number;
  readonly webRequestMs: number;
}

/** Reads the body of a request. Charges the bytes received until the body is complete. */
export function readBody({ message, account }: WebRequest, { webRequestBytes, webRequestMs }: BodyLimits, clock: Clock): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let open = true;
    const end = (body: Body) => {
      if (!open) return;
      open = false;
      timer.cancel();
      account.charge(-bytes);
      resolve(body);
    };
    const timer = clock.after(webRequestMs, () => end({ content: null, status: 408 }));
    message.once('close', () => end({ content: null, status: 0 }));
    if (Number(message.headers['content-length'] ?? 0) > webRequestBytes) {
      end({ content: null, status: 413 });
      return;
    }
    message.on('data', (chunk: Buffer) => {
      if (!open) return;
      if (bytes + chunk.length > webRequestBytes) {
        end({ content: null, status: 413 });
        return;
      }
      bytes += chunk.length;
      account.charge(chunk.length);
      chunks.push(chunk);
    });
    message.once('end', () => end({ content: Buffer.concat(chunks), status: 200 }));
    message.once('error', () => end({ content: null, status: 0 }));
  });
}
