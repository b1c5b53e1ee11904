import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ChopChopFixture } from '../api/fixture.ts';
import type { UseChopChopOptions } from '../api/use-chop-chop.ts';
import { checkScopes } from '../fixture/checks.ts';
import type * as implementation from '../fixture/fixture.ts';
import type { FixtureOptions } from '../fixture/options.ts';
import { DEFAULT_RESET, type ResetScope } from '../fixture/reset-scope.ts';
import { checkArgument } from '../kernel/option-kinds.ts';
import { reportName } from './report-name.ts';

const TOO_EARLY = 'the fixture of useChopChop() runs only during tests: use it in a test, or in a hook that is declared after useChopChop()';

const REPORTS = 'opensrf-chopchop-reports';
const MAX_NAMED = 3;

/** A test of a runner. Its outcome is known when the next test begins. */
export interface RunningTest {
  readonly name: string;
  /** The path of its file. */
  readonly file: string;
  failed(): boolean;
}

/** The fixture of a file of tests. */
export class FileFixture {
  /** The fixture in the test's hands, from the file's first line on; it can be used while the tests run. */
  readonly face: ChopChopFixture;
  private readonly options: FixtureOptions;
  private readonly scopes: readonly ResetScope[];
  /** The folder of reports; `''`: none. */
  private readonly reports: string;
  private readonly place: string;
  private last: RunningTest | null = null;
  private readonly failures: RunningTest[] = [];
  private running: implementation.ChopChopFixture | null = null;

  /** @param place The line of the stack that declared it. @throws TypeError */
  constructor({ reset = DEFAULT_RESET, reports = REPORTS, ...options }: UseChopChopOptions, place: string) {
    checkArgument('useChopChop: "reset"', reset, 'texts');
    checkScopes(reset);
    checkArgument('useChopChop: "reports"', reports, 'text');
    this.options = options;
    this.scopes = reset;
    this.reports = reports;
    this.place = place;
    this.face = new Proxy({} as ChopChopFixture, { get: (_, name) => this.member(name) });
  }

  /** Called before the first test. */
  async start(): Promise<void> {
    const { ChopChopFixture } = await import('../fixture/fixture.ts');
    this.running = await ChopChopFixture.start(this.options, this.place);
  }

  /** Called before each test: hooks of a failed or finished test may still look at its requests. */
  async next(test: RunningTest): Promise<void> {
    this.look();
    this.last = test;
    if (this.scopes.length > 0) await this.running?.reset(...this.scopes);
  }

  /** Called after the last test. */
  async end(): Promise<void> {
    this.look();
    await this.report().catch((error: Error) => print(`no report of failed tests: ${error.message}`));
    await this.running?.stop();
  }

  /** Notes whether the last test has failed, and names what it still waits for: an exceeded time-out of a runner does not. */
  private look(): void {
    const { last, running } = this;
    this.last = null;
    if (last === null || running === null || !last.failed()) return;
    this.failures.push(last);
    const pending = running.pending().map((one) => `\n  ${one}`);
    if (pending.length > 0) print(`"${last.name}" has failed and still waits for${pending.join('')}`);
  }

  /** Writes the page about failed tests. */
  private async report(): Promise<void> {
    const [first] = this.failures;
    if (first === undefined || this.running === null || this.reports === '') return;
    mkdirSync(this.reports, { recursive: true });
    const more = this.failures.length - MAX_NAMED;
    const named = this.failures.slice(0, MAX_NAMED).map(({ name }) => `"${name}"`);
    const names = [...named, ...(more > 0 ? [`${more} more`] : [])].join(', ');
    const { page } = await this.running.report(join(this.reports, reportName(first.file, first.name)), { title: `${names} failed` });
    print(`${names} failed; all requests of the file: ${page}`);
  }

  private member(name: string | symbol): unknown {
    const { running } = this;
    // An `await` asks for "then", and a runner that prints the fixture for symbols.
    if (running === null && (name === 'then' || typeof name === 'symbol')) return undefined;
    if (running === null) throw new Error(TOO_EARLY);
    const member: unknown = Reflect.get(running, name);
    return typeof member === 'function' ? member.bind(running) : member;
  }
}

function print(text: string): void {
  process.stderr.write(`opensrf-chopchop: ${text}\n`);
}
