import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { getAsset, isSea } from 'node:sea';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The files of the console. No other file is ever served. */
export const CONSOLE_FILES = [
  'base/api.js',
  'base/dom.js',
  'base/export.js',
  'base/filters.js',
  'base/format.js',
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
  /** What its Content-Security-Policy has besides; `''` where it needs nothing. */
  readonly policy: string;
}

/** Reads one of {@link CONSOLE_FILES}. */
export function readConsoleFile(name: string): ConsoleFile {
  const content = readAsset(name);
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)] as string;
  return { type, content, policy: name.endsWith('.html') ? inlinePolicy(content) : '' };
}

/** Lets the one script run that is in the page itself, because it is about what else cannot be loaded (CSP Level 3 §6.7.3.3). */
function inlinePolicy(page: string): string {
  const [, script = ''] = /<script>([\s\S]*?)<\/script>/.exec(page) ?? [];
  return `script-src-elem 'self' 'sha256-${createHash('sha256').update(script).digest('base64')}'`;
}

/** In a single executable it is the asset `console/NAME`; else a file beside this one. */
function readAsset(name: string): string {
  if (isSea()) return getAsset(`console/${name}`, 'utf8');
  return readFileSync(new URL(`page/${name}`, import.meta.url), 'utf8');
}
