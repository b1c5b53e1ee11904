/** Where a value stands. */
export interface Place {
  readonly source: 'command line' | 'environment' | 'file' | 'library' | 'default';
  /** What to look for there: `--hold`, `OPENSRF_CHOPCHOP_HOLD`, `<hold>`, `router.holdMs`; `''` where the line says it all. */
  readonly name: string;
  /** The file that it stands in; `''` elsewhere. */
  readonly file: string;
  /** Counted from 1; 0 where there is none. */
  readonly line: number;
}

/** One mistake of a user, or something odd, and where it stands. */
export interface Problem {
  readonly place: Place;
  readonly text: string;
  /** `file`: a file cannot be read or written; `content`: what stands there is wrong. */
  readonly fault: 'content' | 'file';
}

/** Finds where the value of a setting stands. @param path As `router.holdMs`. @param item Of several values, the one that is meant. */
export type PlaceOf = (path: string, item?: unknown) => Place;

/** A place in a file. */
export function inFile(file: string, line: number, name = ''): Place {
  return { source: 'file', name, file, line };
}

/** The place of a setting that a program has handed in. */
export function inLibrary(path: string): Place {
  return { source: 'library', name: path, file: '', line: 0 };
}

/** A place as a user reads it: `core.xml:7: <hold>`, `--hold`, `router.holdMs`. */
export function formatPlace({ name, file, line }: Place): string {
  const where = line === 0 ? file : `${file}:${line}`;
  if (where === '') return name;
  return name === '' ? where : `${where}: ${name}`;
}

/** A problem as a user reads it, in one line. */
export function formatProblem({ place, text }: Problem): string {
  return `${formatPlace(place)}: ${text}`;
}

/** Something is wrong with the configuration. The message has every problem with its place in a line of its own. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }

  /** Whether all that is wrong is that files cannot be read or written. */
  get onlyFiles(): boolean {
    return this.problems.every(({ fault }) => fault === 'file');
  }
}

/** Collects what is wrong, so that a user reads all of it at once. */
export class Problems {
  /** Finds the place of a setting; another one once the sources are known. */
  placeOf: PlaceOf = inLibrary;
  private readonly problems: Problem[] = [];
  private readonly paths = new Set<string>();
  private readonly namesInLibrary = new Map<string, string>();

  /** A program has used another name for a setting. */
  nameInLibrary(path: string, name: string): void {
    this.namesInLibrary.set(path, name);
  }

  /** @param path The setting. @param item Of several values, the one that is wrong. */
  add(path: string, text: string, item?: unknown): void {
    this.addAt(this.find(path, item), path, text);
  }

  /** The same, where the place is known. */
  addAt(place: Place, path: string, text: string): void {
    this.paths.add(path);
    this.problems.push({ place, text, fault: 'content' });
  }

  /** Takes over the problems of another error. */
  addAll(problems: readonly Problem[]): void {
    this.problems.push(...problems);
  }

  /** Whether one of these settings is wrong already, so that what depends on it cannot be judged. */
  has(...paths: readonly string[]): boolean {
    return paths.some((path) => this.paths.has(path));
  }

  /** How a user knows a setting, for a message about another one. */
  nameOf(path: string): string {
    return formatPlace(this.find(path));
  }

  /** @throws ConfigError if there are any. */
  throwAll(): void {
    if (this.problems.length > 0) throw new ConfigError(this.problems);
  }
  private find(path: string, item?: unknown): Place {
    const place = this.placeOf(path, item);
    return place.source === 'library' ? { ...place, name: this.namesInLibrary.get(path) ?? place.name } : place;
  }
}
