import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The rooms that docs/architecture.md lists, from the ground up. */
const rooms = readRooms(readFileSync(join(root, 'docs/architecture.md'), 'utf8'));
const files = ['shared', 'router', 'server'].flatMap(sourcesIn);
const imports = new Map(files.map((file) => [file, importsOf(file)]));

test('docs/architecture.md lists every folder of the sources as a room, and no other', () => {
  assert.deepEqual([...rooms].sort(), [...new Set(files.map((file) => dirname(file)))].sort());
});

test('a room imports only rooms below it, types included', () => {
  const upward = [...imports].flatMap(([file, imported]) => imported.filter((one) => isAbove(one, file)).map((one) => `${file} imports ${one}`));
  assert.deepEqual(upward, []);
});

test('no files import each other in a circle, types included', () => {
  const circle = findCircle();
  assert.deepEqual(circle, [], `a circle: ${circle.join(' -> ')}`);
});

test('server/ has at most six loose files, and each room at most twenty-two', () => {
  const counts = new Map<string, number>();
  for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  assert.ok((counts.get('server') ?? 0) <= 6, `server/ has ${counts.get('server')} loose files`);
  assert.deepEqual(
    [...counts].filter(([, count]) => count > 22),
    [],
  );
});

test('only server/kernel/clock.ts reads the time', () => {
  const readers = files.filter((file) => /\b(?:Date|performance)\.now\b|\btimeOrigin\b|= Date;/.test(readFileSync(join(root, file), 'utf8')));
  assert.deepEqual(readers, ['server/kernel/clock.ts']);
});

test('only server/kernel/clock.ts starts timers of a server, so that none can end the process', () => {
  const starts = /\b(?:setTimeout|setInterval|setImmediate|queueMicrotask|nextTick)\(/;
  const starters = files.filter((file) => starts.test(readFileSync(join(root, file), 'utf8')) && !/^server\/(?:cli|doctor|launch|osrf|process)\//.test(file));
  // The turn, the slices and the log guard the code that they run; kernel/native.ts starts one to test it; the others call only the socket or Sinon's clock.
  const own = [
    'fixture/held-ticks.ts',
    'kernel/native.ts',
    'kernel/slices.ts',
    'kernel/turn.ts',
    'logging/standard-output.ts',
    'logging/syslog.ts',
    'net/memory-pair.ts',
    'net/split-writes.ts',
  ];
  assert.deepEqual(starters.sort(), ['kernel/clock.ts', ...own].map((file) => `server/${file}`).sort());
});

test('a peer’s JSON is parsed and written in shared/osrf/json.ts alone, which bounds its depth', () => {
  const users = files.filter((file) => /\bJSON\.(?:parse|stringify)\(/.test(readFileSync(join(root, file), 'utf8')));
  // The others parse and write our own texts: settings, answers of a host, log lines, the control file, reports of commands, the state for the next process.
  const own = [
    'server/cli/demo.ts',
    'server/cli/doctor.ts',
    'server/cli/monitor.ts',
    'server/cli/serve/announcement.ts',
    'server/cli/serve/serve-control.ts',
    'server/cli/services.ts',
    'server/cli/status.ts',
    'server/control/control-client.ts',
    'server/control/control-file.ts',
    'server/doctor/app.ts',
    'server/handover/state.ts',
    'server/kernel/version.ts',
    'server/logging/line-formats.ts',
    'server/logging/logger.ts',
    'server/process/predecessor.ts',
    'server/process/successor.ts',
    'server/web/host-meta.ts',
  ];
  assert.deepEqual(users.sort(), [...own, 'shared/osrf/json.ts']);
});

/** The first word of each line of the block below the heading "Rooms" that is the path of a folder. */
function readRooms(page: string): string[] {
  const block = /## Rooms[\s\S]*?```\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  return [...block.matchAll(/^((?:shared|router|server)\/\S*)/gm)].map(([, path]) => (path as string).replace(/\/$/, ''));
}

function sourcesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourcesIn(path);
    return path.endsWith('.ts') ? [path] : [];
  });
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/(?:\bfrom|\bimport\()\s*'(\.[^']+\.ts)'/g)].map(([, path]) => relative(root, join(root, dirname(file), path as string)));
}

function isAbove(imported: string, file: string): boolean {
  return rooms.indexOf(dirname(imported)) > rooms.indexOf(dirname(file));
}

/** Files that import each other in a circle; empty where there are none. */
function findCircle(): string[] {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] => {
    const start = path.indexOf(file);
    if (start !== -1) return [...path.slice(start), file];
    if (done.has(file)) return [];
    for (const imported of imports.get(file) ?? []) {
      const circle = visit(imported, [...path, file]);
      if (circle.length > 0) return circle;
    }
    done.add(file);
    return [];
  };
  for (const file of files) {
    const circle = visit(file, []);
    if (circle.length > 0) return circle;
  }
  return [];
}
