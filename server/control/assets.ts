import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { getAsset, isSea } from 'node:sea';
import type { Reply, Route } from './http.ts';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The files of the console in console/. No other file is ever served. */
export const CONSOLE_FILES = [
  'api.js',
  'connections.css',
  'connections.js',
  'dom.js',
  'export.js',
  'filters.js',
  'format.js',
  'groups.js',
  'health.css',
  'health.js',
  'icon.svg',
  'index.html',
  'main.js',
  'payload.js',
  'picture-cards.js',
  'picture-lines.js',
  'plot.js',
  'pulses.js',
  'related.js',
  'request.css',
  'request.js',
  'sequence.js',
  'session-panel.js',
  'store.js',
  'style.css',
  'traffic.css',
  'traffic.js',
  'try.css',
  'try.js',
] as const;

/** The console's own files, for everybody who comes to the port: there is nothing of this server in them. Read once, when first asked for. */
export function assetRoutes(): Route[] {
  const files = new Map<string, Reply>();
  const route = (path: string, name: string): Route => ({
    method: 'GET',
    path,
    open: true,
    handle: () => {
      const reply = files.get(name) ?? fileReply(name);
      files.set(name, reply);
      return reply;
    },
  });
  return [route('/', 'index.html'), ...CONSOLE_FILES.map((name) => route(`/console/${name}`, name))];
}

function fileReply(name: string): Reply {
  const content = readAsset(name);
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)] as string;
  return { kind: 'content', status: 200, type, content, ...(name.endsWith('.html') && { policy: inlinePolicy(content) }) };
}

/** Lets the one script run that is in the page itself, because it is about what else cannot be loaded (CSP Level 3 §6.7.3.3). */
function inlinePolicy(page: string): string {
  const [, script = ''] = /<script>([\s\S]*?)<\/script>/.exec(page) ?? [];
  return `script-src-elem 'self' 'sha256-${createHash('sha256').update(script).digest('base64')}'`;
}

/** In a single executable it is the asset `console/NAME`; else a file beside this one. */
function readAsset(name: string): string {
  if (isSea()) return getAsset(`console/${name}`, 'utf8');
  return readFileSync(new URL(`console/${name}`, import.meta.url), 'utf8');
}
