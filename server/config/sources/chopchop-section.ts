import { nearest } from '../../../shared/nearest.ts';
import { inFile, type Problem } from '../problem.ts';
import { SETTINGS } from '../settings.ts';
import type { ConfigElement } from './config-element.ts';
import type { Given, GivenByKey } from './given.ts';

/** `<chopchop>`: the settings that OpenSRF's own sections lack. */
export interface ChopchopSection {
  /** Its settings, by their paths. */
  readonly given: GivenByKey;
  /** Unknown elements. */
  readonly warnings: readonly Problem[];
}

const PATH_OF_ELEMENT: ReadonlyMap<string, string> = new Map(
  Object.entries(SETTINGS).flatMap(([path, { element, oldElements }]) =>
    [element, ...oldElements].filter((name) => name !== '').map((name) => [name, path] as const),
  ),
);

/** Reads the section; it may be missing. Does not check values: a stronger source may replace them. */
export function readChopchopSection(section: ConfigElement | null, file: string): ChopchopSection {
  const given = new Map<string, Given[]>();
  const warnings: Problem[] = [];
  for (const { name, line, text } of (section?.children ?? []).flatMap(settingsOf)) {
    const place = inFile(file, line, `<${name}>`);
    const path = PATH_OF_ELEMENT.get(name);
    if (path === undefined) warnings.push({ place, text: noSetting(name), fault: 'content' });
    else given.set(path, [...(given.get(path) ?? []), { text: text === '' ? null : text, place }]);
  }
  return { given, warnings };
}

/** `<s2s><peer domain='…' …/></s2s>` has the form of its own that each `<s2s_peer>` writes in one line. */
function settingsOf(element: ConfigElement): Pick<ConfigElement, 'name' | 'line' | 'text'>[] {
  if (element.name !== 's2s') return [element];
  return element.children.map(({ name, line, attributes }) => {
    const value = (wanted: string) => attributes.find((one) => one.name === wanted)?.value ?? '';
    const others = attributes.filter((one) => one.name !== 'domain' && one.name !== 'address').map((one) => `,${one.name}=${one.value}`);
    const text = `${value('domain')}${value('address') === '' ? '' : `=${value('address')}`}${others.join('')}`;
    return name === 'peer' ? { name: 's2s_peer', line, text } : { name: `s2s><${name}`, line, text: '' };
  });
}

function noSetting(name: string): string {
  const meant = nearest(name, [...PATH_OF_ELEMENT.keys()]);
  return `is not a setting of <chopchop>${meant === null ? ' (see docs/configuration.md)' : `; did you mean <${meant}>?`}`;
}
