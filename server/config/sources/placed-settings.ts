import type { Place, Problems } from '../problem.ts';
import { SETTINGS, type SettingPath, type SettingValues } from '../settings.ts';
import type { GivenByKey } from './given.ts';
import { type Part, partWith, readValues } from './read-values.ts';

/** Sources of settings, from the one that beats all others on. */
type Source = Place['source'];

/** A value for each setting, and where it stands. */
export class PlacedSettings {
  readonly values: SettingValues;
  private readonly parts: ReadonlyMap<string, readonly Part[]>;

  /**
   * @param sources From the one that beats all others on.
   * @param paths The settings that are asked for; others have their defaults.
   * @param problems Takes what is wrong, and from then on knows the places of settings.
   */
  constructor(sources: readonly GivenByKey[], paths: readonly SettingPath[], problems: Problems) {
    const wanted = new Set<string>(paths);
    const asked = sources.map((source) => new Map([...source].filter(([path]) => wanted.has(path))));
    const { values, parts } = readValues(SETTINGS, asked, problems);
    this.values = values;
    this.parts = parts;
    problems.placeOf = (path, item) => this.placeOf(path, item);
  }

  /** Whether a source says something of a setting. */
  isGiven(path: SettingPath): boolean {
    return this.parts.has(path);
  }

  /** The source whose value counts. */
  sourceOf(path: SettingPath): Source {
    return this.placeOf(path).source;
  }

  /** Where a setting stands. @param item Of several values, the one that is meant. */
  placeOf(path: string, item?: unknown): Place {
    const part = partWith(this.partsOf(path), item);
    return part?.place ?? { source: 'default', name: optionOf(path), file: '', line: 0 };
  }

  private partsOf(path: string): readonly Part[] {
    const own = this.parts.get(path);
    if (own !== undefined) return own;
    // Of a setting that consists of others, as `tls.certificate`.
    return [...this.parts].filter(([one]) => one.startsWith(`${path}.`)).flatMap(([, parts]) => parts);
  }
}

function optionOf(path: string): string {
  const option = path in SETTINGS ? SETTINGS[path as SettingPath].option : '';
  return option === '' ? path : `--${option}`;
}
