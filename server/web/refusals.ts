import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The content type of a short text for people. */
export const PLAIN_TEXT = 'text/plain; charset=utf-8';

/** Answers a request with a short text. */
export function answerText(response: ServerResponse, status: number, text: string, headers: Readonly<Record<string, string>> = {}): void {
  const content = `${text}\n`;
  response.writeHead(status, { 'Content-Type': PLAIN_TEXT, 'Content-Length': Buffer.byteLength(content), 'X-Content-Type-Options': 'nosniff', ...headers });
  response.end(content);
}

/** Refuses an upgrade and closes the connection. @param status As `403 Forbidden`. */
export function refuseUpgrade(socket: Socket, status: string, reason: string): void {
  const text = `${reason}\n`;
  socket.end(`HTTP/1.1 ${status}\r\nContent-Type: ${PLAIN_TEXT}\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`);
}

/** Refuses a method that a path does not support. */
export function refuseMethod(response: ServerResponse, allowed: string): void {
  answerText(response, 405, `Allowed methods: ${allowed}.`, { Allow: allowed });
}
