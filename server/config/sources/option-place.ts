import type { OpensrfCore } from './opensrf-core.ts';

/** Says where the value of an option stands, for whoever has to mend it. @param option Its name, as `control-socket`. */
export type NameOption = (option: string) => string;

/** `FILE:LINE: <element>` for what `<chopchop>` says and nobody else has changed; `--NAME` for all else. @param args What yargs made of everything. */
export function optionNamer(args: object, core: OpensrfCore | null): NameOption {
  return (option) => placeInFile(option, args, core) ?? `--${option}`;
}

/** Where in the file the value of an option stands that counts; null if it is not from there. */
export function placeInFile(option: string, args: object, core: OpensrfCore | null): string | null {
  const place = core?.chopchop.places.get(option);
  const value = (args as Readonly<Record<string, unknown>>)[camelCase(option)];
  // The command line or the environment may have said something else.
  return place !== undefined && String(value) === String(core?.chopchop.options[option]) ? place : null;
}

function camelCase(option: string): string {
  return option.replace(/-[a-z]/g, ([, letter = '']) => letter.toUpperCase());
}
