/** The place of a value. */
export interface Place {
  readonly source: 'command line' | 'environment' | 'file' | 'library' | 'default';
  /** The name of the setting: `--hold`, `OPENSRF_CHOPCHOP_HOLD`, `<hold>`, `router.holdMs`; `''` if the line is enough. */
  readonly name: string;
  /** The name of the file; `''` for other sources. */
  readonly file: string;
  /** From 1; 0: none. */
  readonly line: number;
}

/** A user's mistake, or an oddity, with its place. */
export interface Problem {
  readonly place: Place;
  readonly text: string;
  /** `file`: a file cannot be read or written; `content`: the value is invalid. */
  readonly fault: 'content' | 'file';
}

/** Finds the place of a setting. @param path As `router.holdMs`. @param item The affected value, if the setting has several. */
export type PlaceOf = (path: string, item?: unknown) => Place;

/** A place in a file. */
export function inFile(file: string, line: number, name = ''): Place {
  return { source: 'file', name, file, line };
}

/** The place of a setting in the input of a program. */
export function inLibrary(path: string): Place {
  return { source: 'library', name: path, file: '', line: 0 };
}

/** A place in text: `core.xml:7: <hold>`, `--hold`, `router.holdMs`. */
export function formatPlace({ name, file, line }: Place): string {
  const where = line === 0 ? file : `${file}:${line}`;
  if (where === '') return name;
  return name === '' ? where : `${where}: ${name}`;
}

/** A problem as one line of text. */
export function formatProblem({ place, text }: Problem): string {
  return `${formatPlace(place)}: ${text}`;
}

/** The configuration is invalid. The message has a line for each problem, with its place. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }

  /** Whether every problem is a file that cannot be read or written. */
  get onlyFiles(): boolean {
    return this.problems.every(({ fault }) => fault === 'file');
  }
}

/** Collects problems, so that a user reads all of them at once. */
export class Problems {
  /** Finds the place of a setting; replaced once the sources are known. */
  placeOf: PlaceOf = inLibrary;
  private readonly problems: Problem[] = [];
  private readonly paths = new Set<string>();
  private readonly namesInLibrary = new Map<string, string>();

  /** Notes another name that a program has used for a setting. */
  nameInLibrary(path: string, name: string): void {
    this.namesInLibrary.set(path, name);
  }

  /** @param path The setting. @param item The invalid value, if the setting has several. */
  add(path: string, text: string, item?: unknown): void {
    this.addAt(this.find(path, item), path, text);
  }

  /** The same with a known place. */
  addAt(place: Place, path: string, text: string): void {
    this.paths.add(path);
    this.problems.push({ place, text, fault: 'content' });
  }

  /** Adds the problems of another error. */
  addAll(problems: readonly Problem[]): void {
    this.problems.push(...problems);
  }

  /** Whether one of these settings is invalid, so that dependent checks are impossible. */
  has(...paths: readonly string[]): boolean {
    return paths.some((path) => this.paths.has(path));
  }

  /** The user's name for a setting, for a message about another one. */
  nameOf(path: string): string {
    return formatPlace(this.find(path));
  }

  /** @throws ConfigError if there are problems. */
  throwAll(): void {
    if (this.problems.length > 0) throw new ConfigError(this.problems);
  }
  private find(path: string, item?: unknown): Place {
    const place = this.placeOf(path, item);
    return place.source === 'library' ? { ...place, name: this.namesInLibrary.get(path) ?? place.name } : place;
  }
}
