import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { getAsset, isSea } from 'node:sea';

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
  'icon.svg',
  'index.html',
  'main.js',
  'style.css',
  'views/connections.css',
  'views/connections.js',
  'views/groups.js',
  'views/health.css',
  'views/health.js',
  'views/payload.js',
  'views/picture-cards.js',
  'views/picture-lines.js',
  'views/plot.js',
  'views/pulses.js',
  'views/related.js',
  'views/request.css',
  'views/request.js',
  'views/sequence.js',
  'views/services.js',
  'views/session-panel.js',
  'views/traffic.css',
  'views/traffic.js',
  'views/try.css',
  'views/try.js',
] as const;

/** A file of the console, as HTTP serves it. */
export interface ConsoleFile {
  /** Its media type. */
  readonly type: string;
  readonly content: string;
  /** An additional Content-Security-Policy directive, or `''`. */
  readonly policy: string;
}

/** Reads one of {@link CONSOLE_FILES}. */
export function readConsoleFile(name: string): ConsoleFile {
  const content = readAsset(name);
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)] as string;
  return { type, content, policy: name.endsWith('.html') ? inlinePolicy(content) : '' };
}

/** Allows the inline script of the page, which handles files that fail to load, by its hash (CSP Level 3 §6.7.3.3). */
function inlinePolicy(page: string): string {
  const [, script = ''] = /<script>([\s\S]*?)<\/script>/.exec(page) ?? [];
  return `script-src-elem 'self' 'sha256-${createHash('sha256').update(script).digest('base64')}'`;
}

/** Reads the asset `console/NAME` of a single executable, or else the file in page/. */
function readAsset(name: string): string {
  if (isSea()) return getAsset(`console/${name}`, 'utf8');
  return readFileSync(new URL(`page/${name}`, import.meta.url), 'utf8');
}
