import { resolve } from 'node:path';
import type { ValuesOf } from '../config/setting.ts';
import { ControlClient } from '../control/control-client.ts';
import type { ServerReport } from '../control/server-report.ts';
import type { TraceEntry } from '../control/trace/trace-entry.ts';
import { SYSTEM_TIME } from '../kernel/clock.ts';
import { checkWritable } from '../kernel/files.ts';
import { writeReport } from '../report/write-report.ts';
import type { REPORT_OPTIONS } from './client-options.ts';
import { chosenControlFile } from './control-source.ts';

/** The arguments of `report`. */
export interface ReportArguments extends ValuesOf<typeof REPORT_OPTIONS> {
  readonly file: string;
}

const ASK_MS = 30_000;
/** The most that the control interface gives at once. */
const MOST = 5_000;

/** Writes the latest requests of a running server as a page, the failed ones first. @throws CommandError */
export async function report(args: ReportArguments, print: (line: string) => void): Promise<void> {
  checkWritable(args.file);
  const client = new ControlClient(await chosenControlFile(args));
  const { version, domains, pid } = (await client.get('/api/v1/server', ASK_MS)) as ServerReport;
  const { requests } = (await client.get(`/api/v1/requests?details=yes&limit=${MOST}`, ASK_MS)) as { readonly requests: TraceEntry[] };
  const facts = [`opensrf-chopchop ${version}`, `process ${pid}`, `domains: ${domains.join(', ')}`];
  const files = writeReport(args.file, { title: '', at: SYSTEM_TIME.wallTime(), entries: requests.reverse(), facts: [['Server', facts]] });
  for (const file of [files.page, files.requests]) print(resolve(file));
}
