import { readFileSync } from 'node:fs';
import { getAsset, isSea } from 'node:sea';
import type { Route } from './http.ts';

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
  const files = new Map<string, string>();
  const route = (path: string, name: string): Route => ({
    method: 'GET',
    path,
    open: true,
    handle: () => {
      const content = files.get(name) ?? readAsset(name);
      files.set(name, content);
      return { kind: 'content', status: 200, type: TYPES[name.slice(name.lastIndexOf('.') + 1)] as string, content };
    },
  });
  return [route('/', 'index.html'), ...CONSOLE_FILES.map((name) => route(`/console/${name}`, name))];
}

/** In a single executable it is the asset `console/NAME`; else a file beside this one. */
function readAsset(name: string): string {
  if (isSea()) return getAsset(`console/${name}`, 'utf8');
  return readFileSync(new URL(`console/${name}`, import.meta.url), 'utf8');
}
