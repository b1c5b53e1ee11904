import { SYSLOG_FACILITIES } from '../log-values.ts';
import { SITE_OPTIONS } from '../options/serve-options.ts';
import type { LogSection } from './log-section.ts';
import type { ConfigElement } from './xml-file.ts';

/** `<chopchop>`: everything that the other sections have no place for. */
export interface ChopchopSection {
  /** Options of `serve` by their names, as yargs takes them. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Where each of them stands, as `FILE:LINE: <element>`; the last place of a list. */
  readonly places: ReadonlyMap<string, string>;
  /** `<logfile>`, `<loglevel>` and `<syslog>`, as in every other section. */
  readonly log: LogSection;
  /** What means nothing here, each with file and line… */
  readonly warnings: readonly string[];
  /** …and what is wrong. */
  readonly problems: readonly string[];
}

/** How an option is declared to yargs, as far as it matters here. */
interface Declaration {
  readonly type?: 'string' | 'number' | 'boolean';
  readonly array?: boolean;
  readonly requiresArg?: boolean;
  readonly choices?: readonly string[];
}

/** The file itself, and what OpenSRF's elements for the log say. */
const NOT_IN_FILE = new Set(['config', 'log-file', 'log-level', 'syslog']);

/** Elements of the server that OpenSRF once had which mean an option here. */
const OLD_NAMES: Readonly<Record<string, string>> = { listen_address: 'host', secret: 'component-secret' };

const OPTIONS: ReadonlyMap<string, Declaration> = new Map(Object.entries<Declaration>(SITE_OPTIONS).filter(([name]) => !NOT_IN_FILE.has(name)));

/** The element that sets an option; undefined where there is none. */
export function chopchopElementOf(option: string): string | undefined {
  return OPTIONS.has(option) ? option.replaceAll('-', '_') : undefined;
}

/** Reads the section, each option of `serve` by its name with underscores; it may be missing. */
export function readChopchopSection(section: ConfigElement | null, file: string): ChopchopSection {
  return new SectionReader(file).read(section?.children ?? []);
}

class SectionReader {
  private readonly file: string;
  private readonly options: Record<string, unknown> = {};
  private readonly places = new Map<string, string>();
  private readonly log = { logFile: '', logLevel: null as number | null, syslogFacility: 'local0' };
  private readonly warnings: string[] = [];
  private readonly problems: string[] = [];

  constructor(file: string) {
    this.file = file;
  }

  read(elements: readonly ConfigElement[]): ChopchopSection {
    const facility = elements.find(({ name }) => name === 'syslog');
    for (const element of elements) this.element(element);
    // Without a file to write to, whoever names a facility wants it used.
    if (facility !== undefined && this.log.logFile === '') this.log.logFile = 'syslog';
    const { options, places, log, warnings, problems } = this;
    return { options, places, log, warnings, problems };
  }

  private element(element: ConfigElement): void {
    switch (element.name) {
      case 'logfile':
        this.log.logFile = element.text;
        return;
      case 'loglevel':
        if (/^[0-5]$/.test(element.text)) this.log.logLevel = Number(element.text);
        else this.problem(element, `"${element.text}" is no number from 0 to 5`);
        return;
      case 'syslog':
        this.log.syslogFacility = element.text || 'local0';
        this.choose(element, this.log.syslogFacility, SYSLOG_FACILITIES);
        return;
      default:
        this.option(element, OLD_NAMES[element.name] ?? element.name.replaceAll('_', '-'));
    }
  }

  private option(element: ConfigElement, name: string): void {
    const declaration = OPTIONS.get(name);
    if (declaration === undefined) {
      this.warnings.push(
        `${this.file}:${element.line}: <chopchop>: <${element.name}> is of no use here; options of serve are, with underscores in their names`,
      );
      return;
    }
    const value = this.value(element, declaration);
    this.places.set(name, this.placeOf(element));
    if (declaration.array === true) this.options[name] = [...((this.options[name] as unknown[] | undefined) ?? []), value];
    else if (name in this.options) this.problem(element, 'stands twice in <chopchop>');
    else this.options[name] = value;
  }

  private value(element: ConfigElement, { type, choices, requiresArg }: Declaration): unknown {
    const { text } = element;
    if (choices !== undefined) return this.choose(element, text, choices);
    if (type === 'number') return this.checked(element, Number(text), text !== '' && !Number.isNaN(Number(text)), `"${text}" is no number`);
    if (type === 'boolean') return this.checked(element, text !== 'false', ['', 'true', 'false'].includes(text), `"${text}" is neither true nor false`);
    return this.checked(element, text, requiresArg !== true || text !== '', 'is empty');
  }

  private choose(element: ConfigElement, text: string, choices: readonly string[]): string {
    return this.checked(element, text, choices.includes(text), `"${text}" is none of ${choices.join(', ')}`);
  }

  private checked<T>(element: ConfigElement, value: T, good: boolean, text: string): T {
    if (!good) this.problem(element, text);
    return value;
  }

  private problem(element: ConfigElement, text: string): void {
    this.problems.push(`${this.placeOf(element)}: ${text}`);
  }

  private placeOf({ line, name }: ConfigElement): string {
    return `${this.file}:${line}: <${name}>`;
  }
}
