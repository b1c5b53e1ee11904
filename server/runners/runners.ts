import type { UseChopChop } from '../api/use-chop-chop.ts';
import { callerOf } from '../fixture/unstopped.ts';
import { FileFixture, type RunningTest } from './file-fixture.ts';

type Hook = () => Promise<void>;

/** The hooks that the helper declares. */
interface Runner {
  beforeAll(hook: Hook): unknown;
  beforeEach(hook: (test: RunningTest) => Promise<void>): unknown;
  afterAll(hook: Hook): unknown;
}

/** @returns The helper for a runner. */
function helperFor({ beforeAll, beforeEach, afterAll }: Runner): UseChopChop {
  return function useChopChop(options = {}) {
    const fixture = new FileFixture(options, callerOf(useChopChop));
    beforeAll(() => fixture.start());
    beforeEach((test) => fixture.next(test));
    afterAll(() => fixture.end());
    return fixture.face;
  };
}

/** What the helper needs of Vitest. */
export interface Vitest extends Pick<Runner, 'beforeAll' | 'afterAll'> {
  beforeEach(hook: (context: { readonly task: VitestTask }) => Promise<void>): unknown;
}

interface VitestTask {
  readonly name: string;
  readonly file: { readonly filepath: string };
  readonly result?: { readonly state: string };
}

/** @returns The helper for Vitest. */
export function forVitest({ beforeAll, beforeEach, afterAll }: Vitest): UseChopChop {
  const testOf = (task: VitestTask) => ({ name: task.name, file: task.file.filepath, failed: () => task.result?.state === 'fail' });
  // Vitest reads the names of the parameter's members.
  return helperFor({ beforeAll, beforeEach: (hook) => beforeEach(({ task }) => hook(testOf(task))), afterAll });
}

/** What the helper needs of Jest. */
export interface Jest extends Pick<Runner, 'beforeAll' | 'afterAll'> {
  beforeEach(hook: Hook): unknown;
  readonly expect: { getState(): { readonly currentTestName?: string; readonly testPath?: string } };
}

/** @returns The helper for Jest. */
export function forJest({ beforeAll, beforeEach, afterAll, expect }: Jest): UseChopChop {
  return helperFor({ beforeAll, beforeEach: (hook) => beforeEach(() => hook(testOfJest(expect))), afterAll });
}

/** Jest's hooks learn nothing of a test's end; its runner, jest-circus, has the errors in the state that it keeps by this symbol. */
function testOfJest(expect: Jest['expect']): RunningTest {
  const { currentTestName = '', testPath = '' } = expect.getState();
  const symbol = Object.getOwnPropertySymbols(globalThis).find(({ description }) => description === 'JEST_STATE_SYMBOL');
  const test = symbol === undefined ? null : Reflect.get(globalThis, symbol)?.currentlyRunningTest;
  return { name: currentTestName, file: testPath, failed: () => test?.errors?.length > 0 };
}

/** What the helper needs of node:test. */
export interface NodeTest {
  before(hook: Hook): unknown;
  beforeEach(hook: (test: NodeTestContext) => Promise<void>): unknown;
  after(hook: Hook): unknown;
}

/** A test's context; Node 20 has no file there. */
interface NodeTestContext {
  readonly name: string;
  readonly filePath?: string;
  readonly passed: boolean;
}

/** @returns The helper for node:test. */
export function forNodeTest({ before, beforeEach, after }: NodeTest): UseChopChop {
  const testOf = (test: NodeTestContext) => ({ name: test.name, file: test.filePath ?? process.argv[1] ?? '', failed: () => !test.passed });
  return helperFor({ beforeAll: before, beforeEach: (hook) => beforeEach((test) => hook(testOf(test))), afterAll: after });
}
