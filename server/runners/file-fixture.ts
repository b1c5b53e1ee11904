import type { ChopChopFixture } from '../api/fixture.ts';
import type { UseChopChopOptions } from '../api/use-chop-chop.ts';
import { checkScopes } from '../fixture/checks.ts';
import * as implementation from '../fixture/fixture.ts';
import type { FixtureOptions } from '../fixture/options.ts';
import { DEFAULT_RESET, type ResetScope } from '../fixture/reset-scope.ts';
import { checkArgument } from '../kernel/option-kinds.ts';

const TOO_EARLY = 'the fixture of useChopChop() runs only during tests: use it in a test, or in a hook that is declared after useChopChop()';

/** The fixture of a file of tests. */
export class FileFixture {
  /** The fixture in the test's hands, from the file's first line on; it can be used while the tests run. */
  readonly face: ChopChopFixture;
  private readonly options: FixtureOptions;
  private readonly scopes: readonly ResetScope[];
  private readonly place: string;
  private running: implementation.ChopChopFixture | null = null;

  /** @param place The line of the stack that declared it. @throws TypeError */
  constructor({ reset = DEFAULT_RESET, ...options }: UseChopChopOptions, place: string) {
    checkArgument('useChopChop: "reset"', reset, 'texts');
    checkScopes(reset);
    this.options = options;
    this.scopes = reset;
    this.place = place;
    this.face = new Proxy({} as ChopChopFixture, { get: (_, name) => this.member(name) });
  }

  /** Called before the first test. */
  async start(): Promise<void> {
    this.running = await implementation.ChopChopFixture.start(this.options, this.place);
  }

  /** Called before each test: hooks of a failed or finished test may still look at its requests. */
  async next(): Promise<void> {
    if (this.scopes.length > 0) await this.running?.reset(...this.scopes);
  }

  /** Called after the last test. */
  async end(): Promise<void> {
    await this.running?.stop();
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
