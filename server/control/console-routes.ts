import { CONSOLE_FILES, readConsoleFile } from '../console/assets.ts';
import type { Reply, Route } from './http.ts';

/** The console's files, served without the token: they contain nothing of this server. Each is read once, on the first request. */
export function consoleRoutes(): Route[] {
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
  const { type, gzip, policy } = readConsoleFile(name);
  return { kind: 'gzip', status: 200, type, content: gzip, policy };
}
