import { normalizeDomain } from '../../../shared/jid.ts';
import { ConfigError, formatPlace, inFile, type Problem } from '../problem.ts';
import { PORT } from '../values/numbers.ts';
import { type ChopchopSection, readChopchopSection } from './chopchop-section.ts';
import { type ConfigElement, readConfigFile } from './config-element.ts';

/** `<opensrf>`, `<gateway>` or `<srfsh>`: a program's login. */
export interface ClientSection {
  readonly name: string;
  readonly line: number;
  readonly domain: string;
  /** 0: none. */
  readonly port: number;
  /** `''`: none. */
  readonly unixPath: string;
  readonly username: string;
  readonly password: string;
  readonly routerName: string;
  /** A path, or `syslog`; `''`: none. */
  readonly logFile: string;
  /** `<cross_origin><origin>`: hosts of pages that may use the HTTP gateways, or `*`. */
  readonly crossOrigins: readonly string[];
}

/** `<routers><router>`: one router of the site. */
export interface RouterSection {
  readonly line: number;
  readonly domain: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly trustedServers: readonly string[];
  readonly trustedClients: readonly string[];
  /** A path, or `syslog`. */
  readonly logFile: string;
  /** OpenSRF's number from 0 to 5. Without one its routers use 1. */
  readonly logLevel: number;
  /** `local0` to `local7`; for a log file named `syslog`. */
  readonly syslogFacility: string;
}

/** `<opensrf><routers><router>`: a router at which services register. */
export interface Registration {
  readonly line: number;
  /** The router's domain. */
  readonly target: string;
  /** Its name; `''`: the section's. */
  readonly routerName: string;
  /** The services that register there; empty: all. */
  readonly services: readonly string[];
}

/** The Jabber network described by an `opensrf_core.xml` (or a `.srfsh.xml`). */
export interface OpensrfCore {
  readonly clients: readonly ClientSection[];
  readonly routers: readonly RouterSection[];
  /** `<opensrf><routers>`: the routers at which services register. */
  readonly registrations: readonly Registration[];
  /** `<shared><log_protect><match_string>` */
  readonly logProtect: readonly string[];
  /** `<opensrf><settings_config>`; `''`: none. */
  readonly settingsConfig: string;
  /** `<chopchop>`: our own section. */
  readonly chopchop: ChopchopSection;
  /** Harmless oddities. */
  readonly warnings: readonly Problem[];
}

const REDIS_PORT = 6379;
const REDIS_WARNING = `port ${REDIS_PORT} is Redis's, which an unreleased version of OpenSRF uses instead of Jabber: its programs cannot talk to this server`;

const CLIENT_SECTIONS = ['opensrf', 'gateway', 'srfsh'];

/**
 * Reads an `opensrf_core.xml` of any version, or a `.srfsh.xml`, whose root is the section itself.
 * Tolerant where the C and Perl readers differ: trims white space, reads comments and CDATA, and takes the first of duplicate elements.
 * @throws ConfigError with every problem
 */
export function readOpensrfCore(file: string): OpensrfCore {
  return new CoreReader(file).read(readConfigFile(file));
}

class CoreReader {
  private readonly file: string;
  private readonly problems: Problem[] = [];
  private readonly warnings: Problem[] = [];

  constructor(file: string) {
    this.file = file;
  }

  read(root: ConfigElement): OpensrfCore {
    if (root.name === 'opensrf' && root.children.some(({ name }) => name === 'default' || name === 'hosts')) {
      this.problem(root, 'this is an opensrf.xml, for --with-settings; --config takes the opensrf_core.xml');
      throw new ConfigError(this.problems);
    }
    const sections = CLIENT_SECTIONS.includes(root.name) ? [root] : root.children;
    const clientSections = CLIENT_SECTIONS.flatMap((name) => this.once(sections, name, root) ?? []);
    const core: OpensrfCore = {
      clients: clientSections.map((section) => this.clientSection(section)),
      routers: sections.filter(named('routers')).flatMap((routers) => routers.children.filter(named('router')).flatMap((router) => this.router(router))),
      registrations: clientSections.filter(named('opensrf')).flatMap(registrationsOf),
      logProtect: sections.filter(named('shared')).flatMap((shared) => textsAt(shared, 'log_protect', 'match_string')),
      settingsConfig: clientSections.map((section) => this.text(section, 'settings_config')).find((path) => path !== '') ?? '',
      chopchop: readChopchopSection(this.once(sections, 'chopchop', root), this.file),
      warnings: this.warnings,
    };
    this.warnings.push(...core.chopchop.warnings);
    if (core.clients.length === 0 && core.routers.length === 0) {
      this.problem(root, 'the file has neither <opensrf>, <gateway>, <srfsh> nor <routers><router>');
    }
    if (this.problems.length > 0) throw new ConfigError(this.problems);
    return core;
  }

  private clientSection(section: ConfigElement): ClientSection {
    return {
      name: section.name,
      line: section.line,
      domain: this.domain(section, 'domain'),
      port: this.port(section, 'port'),
      unixPath: this.text(section, 'unixpath'),
      username: this.required(section, 'username'),
      password: this.required(section, 'passwd'),
      routerName: this.text(section, 'router_name') || 'router',
      logFile: this.text(section, 'logfile'),
      crossOrigins: textsAt(section, 'cross_origin', 'origin'),
    };
  }

  private router(router: ConfigElement): RouterSection[] {
    const transport = this.once(router.children, 'transport', router);
    // Like osrf_control, skip a router without one.
    if (transport === null) {
      this.warn(router, 'has no <transport> and is ignored');
      return [];
    }
    const resource = this.text(transport, 'resource');
    if (resource !== 'router' && resource !== '') this.warn(transport, `resource "${resource}" is ignored: services always address "router"`);
    if (this.text(transport, 'unixpath') !== '' && this.text(transport, 'port') === '') this.warn(transport, 'unixpath is ignored: no router reads it');
    const trusted = this.once(router.children, 'trusted_domains', router);
    const domain = this.domain(transport, 'server');
    return [
      {
        line: router.line,
        domain,
        port: this.port(transport, 'port'),
        username: this.required(transport, 'username'),
        password: this.required(transport, 'password'),
        trustedServers: this.trusted(router, trusted, 'server'),
        trustedClients: this.trusted(router, trusted, 'client'),
        logFile: this.text(router, 'logfile'),
        logLevel: Number(this.text(router, 'loglevel') || '1'),
        syslogFacility: this.text(router, 'syslog') || 'local0',
      },
    ];
  }

  private trusted(router: ConfigElement, trusted: ConfigElement | null, name: string): string[] {
    const domains = (trusted?.children ?? []).filter(named(name)).map((element) => this.checkedDomain(element));
    if (domains.length === 0) this.problem(trusted ?? router, `needs at least one <trusted_domains><${name}>`);
    return domains;
  }

  private domain(section: ConfigElement, name: string): string {
    const element = this.once(section.children, name, section);
    if (element !== null && element.text !== '') return this.checkedDomain(element);
    this.problem(section, `needs <${name}>`);
    return '';
  }

  private checkedDomain(element: ConfigElement): string {
    this.checkPlain(element);
    const domain = normalizeDomain(element.text);
    if (domain === null) this.problem(element, `"${element.text}" is not a domain`);
    return domain ?? '';
  }

  private port(section: ConfigElement, name: string): number {
    const element = this.once(section.children, name, section);
    if (element === null || element.text === '') return 0;
    // White space does not change a number.
    if (element.oddity !== 'white space') this.checkPlain(element);
    const reading = PORT.parse(element.text);
    if (!reading.ok) this.problem(element, reading.wrong.join('; '));
    if (reading.ok && reading.value === REDIS_PORT && !this.warnings.some(({ text }) => text === REDIS_WARNING)) this.warn(element, REDIS_WARNING);
    return reading.ok ? reading.value : 0;
  }

  private required(section: ConfigElement, name: string): string {
    const text = this.text(section, name);
    if (text === '') this.problem(section, `needs <${name}>`);
    return text;
  }

  private text(section: ConfigElement, name: string): string {
    const element = this.once(section.children, name, section);
    if (element !== null) this.checkPlain(element);
    return element?.text ?? '';
  }

  /** Warns of text that we read as intended, but OpenSRF's own programs do not. */
  private checkPlain(element: ConfigElement): void {
    if (element.text !== '' && element.oddity !== '')
      this.warn(element, `has ${element.oddity} beside its value, which OpenSRF's own programs do not read as we do`);
  }

  private once(elements: readonly ConfigElement[], name: string, parent: ConfigElement): ConfigElement | null {
    const [first, second] = elements.filter(named(name));
    if (second !== undefined) this.warn(second, `occurs twice in <${parent.name}>; the first, in line ${first?.line}, counts`);
    return first ?? null;
  }

  private problem(element: ConfigElement, text: string): void {
    this.problems.push(this.about(element, text));
  }

  private warn(element: ConfigElement, text: string): void {
    const warning = this.about(element, text);
    if (!this.warnings.some((one) => one.text === text && formatPlace(one.place) === formatPlace(warning.place))) this.warnings.push(warning);
  }

  private about({ name, line }: ConfigElement, text: string): Problem {
    return { place: inFile(this.file, line, `<${name}>`), text, fault: 'content' };
  }
}

/** Each `<router>` is a domain, or holds one in `<domain>`. */
function registrationsOf(opensrf: ConfigElement): Registration[] {
  const routers = opensrf.children.filter(named('routers')).flatMap(({ children }) => children.filter(named('router')));
  return routers.map((router) => ({
    line: router.line,
    target: (router.children.find(named('domain'))?.text ?? router.text).toLowerCase(),
    routerName: router.children.find(named('name'))?.text ?? '',
    services: textsAt(router, 'services', 'service'),
  }));
}

function named(name: string): (element: ConfigElement) => boolean {
  return (element) => element.name === name;
}

function textsAt(element: ConfigElement, ...path: string[]): string[] {
  const [name, ...rest] = path;
  if (name === undefined) return element.text === '' ? [] : [element.text];
  return element.children.filter(named(name)).flatMap((inner) => textsAt(inner, ...rest));
}
