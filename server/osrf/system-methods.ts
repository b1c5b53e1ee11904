import { SYSTEM_TIME } from '../kernel/clock.ts';
import type { Method, Methods } from './service-description.ts';

/** A method's description in `opensrf.system.method`. */
interface MethodDescription {
  readonly api_name: string;
  readonly api_level: number;
  readonly server_class: string;
  readonly package: string;
  readonly argc: number;
  readonly stream: boolean;
  readonly notes?: string;
}

/** Adds the methods that every service of OpenSRF's Perl library has. */
export function withSystemMethods(service: string, implementation: string, own: Methods): Methods {
  const all: Methods = {
    ...own,
    *'opensrf.system.method'(prefix: unknown) {
      yield* describe().filter(({ api_name: name }) => typeof prefix !== 'string' || name.startsWith(prefix));
    },
    *'opensrf.system.method.all'() {
      yield* describe();
    },
    *'opensrf.system.echo'(...values: unknown[]) {
      yield* values;
    },
    'opensrf.system.time': () => Math.floor(SYSTEM_TIME.wallTime() / 1000),
  };
  const describe = (): MethodDescription[] =>
    Object.entries(all)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, method]) => ({ api_name: name, api_level: 1, server_class: service, package: implementation, ...describedBy(method) }));
  return all;
}

function describedBy(method: Method): Pick<MethodDescription, 'argc' | 'stream' | 'notes'> {
  if (typeof method === 'function') return { argc: method.length, stream: isGenerator(method) };
  const { handle, argc = Math.max(0, handle.length - 1), stream = isGenerator(handle), notes } = method;
  return { argc, stream, ...(notes !== undefined && { notes }) };
}

function isGenerator(method: (...params: never[]) => unknown): boolean {
  return method.constructor.name.endsWith('GeneratorFunction');
}
