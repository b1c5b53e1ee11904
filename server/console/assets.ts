import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { getRawAsset, isSea } from 'node:sea';
import { gunzipSync, gzipSync } from 'node:zlib';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The files of the console. The server serves no others. */
export const CONSOLE_FILES = [
  'base/api.js',
  'base/dom.js',
  'base/export.js',
  'base/filters.js',
  'base/format.js',
  'base/sortable.js',
  'base/store.js',
  'base/virtual.js',
  'icon.svg',
  'index.html',
  'main.js',
  'style.css',
  'views/connections.css',
  'views/connections.js',
  'views/groups.js',
  'views/health.css',
  'views/health.js',
  'views/members.js',
  'views/payload.js',
  'views/peers.js',
  'views/picture-cards.js',
  'views/picture-lines.js',
  'views/plot.js',
  'views/pulses.js',
  'views/related.js',
  'views/request.css',
  'views/request.js',
  'views/sequence-panel.js',
  'views/sequence.js',
  'views/services.js',
  'views/session-panel.js',
  'views/standalone.js',
  'views/trace.js',
  'views/traffic.css',
  'views/traffic.js',
  'views/try.css',
  'views/try.js',
] as const;

/** A file of the console, as HTTP serves it. */
export interface ConsoleFile {
  /** Its media type. */
  readonly type: string;
  /** The content, compressed with gzip. */
  readonly gzip: Buffer;
  /** An additional Content-Security-Policy directive, or `''`. */
  readonly policy: string;
}

/** Reads one of {@link CONSOLE_FILES}. */
export function readConsoleFile(name: string): ConsoleFile {
  const bytes = readAsset(name);
  const gzip = bytes.readUInt16BE(0) === GZIP ? bytes : gzipSync(bytes);
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)] as string;
  return { type, gzip, policy: name.endsWith('.html') ? inlinePolicy(gunzipSync(gzip).toString()) : '' };
}

/** RFC 1952 §2.3.1: the first two bytes of every gzip file. */
const GZIP = 0x1f8b;

/** Reads the asset `console/NAME` of a single executable, or else the file in page/, which the published package has compressed. */
function readAsset(name: string): Buffer {
  if (isSea()) return Buffer.from(getRawAsset(`console/${name}`) as ArrayBuffer);
  const plain = new URL(`page/${name}`, import.meta.url);
  const compressed = new URL(`${plain.href}.gz`);
  return readFileSync(existsSync(compressed) ? compressed : plain);
}

/** Allows the inline script of the page, which handles files that fail to load, by its hash (CSP Level 3 §6.7.3.3). */
function inlinePolicy(page: string): string {
  const [, script = ''] = /<script>([\s\S]*?)<\/script>/.exec(page) ?? [];
  return `script-src-elem 'self' 'sha256-${createHash('sha256').update(script).digest('base64')}'`;
}
