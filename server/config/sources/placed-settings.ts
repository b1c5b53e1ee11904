import type { Place, Problems } from '../problem.ts';
import { SETTINGS, type SettingPath, type SettingValues } from '../settings.ts';
import type { GivenByKey } from './given.ts';
import { type Part, partWith, readValues } from './read-values.ts';

/** A source of settings. */
type Source = Place['source'];

/** A value for each setting, and its place. */
export class PlacedSettings {
  readonly values: SettingValues;
  private readonly parts: ReadonlyMap<string, readonly Part[]>;

  /**
   * @param sources The strongest first.
   * @param paths The settings of the command; others keep their defaults.
   * @param problems Receives invalid values, and from then on knows the places of settings.
   */
  constructor(sources: readonly GivenByKey[], paths: readonly SettingPath[], problems: Problems) {
    const wanted = new Set<string>(paths);
    const asked = sources.map((source) => new Map([...source].filter(([path]) => wanted.has(path))));
    const { values, parts } = readValues(SETTINGS, asked, problems);
    this.values = values;
    this.parts = parts;
    problems.placeOf = (path, item) => this.placeOf(path, item);
  }

  /** Whether a source sets it. */
  isGiven(path: SettingPath): boolean {
    return this.parts.has(path);
  }

  /** The source that sets it. */
  sourceOf(path: SettingPath): Source {
    return this.placeOf(path).source;
  }

  /** The place of a setting. @param item The affected value, if the setting has several. */
  placeOf(path: string, item?: unknown): Place {
    const part = partWith(this.partsOf(path), item);
    return part?.place ?? { source: 'default', name: optionOf(path), file: '', line: 0 };
  }

  private partsOf(path: string): readonly Part[] {
    const own = this.parts.get(path);
    if (own !== undefined) return own;
    // `tls.certificate` consists of other settings.
    return [...this.parts].filter(([one]) => one.startsWith(`${path}.`)).flatMap(([, parts]) => parts);
  }
}

function optionOf(path: string): string {
  const option = path in SETTINGS ? SETTINGS[path as SettingPath].option : '';
  return option === '' ? path : `--${option}`;
}
