import { asRecording } from '../console/page/base/export.js';
import { writeFileAtomically } from '../kernel/files.ts';
import { type Report, reportPage } from './page.ts';

/** Readable by its owner only: it contains all results. */
const MODE = 0o600;

/** The files of a report. */
export interface ReportFiles {
  readonly page: string;
  /** A line of JSON for each request, as in a recording. */
  readonly requests: string;
}

/** Writes a report as a page, and its requests beside it. @throws CommandError if it cannot write a file. */
export function writeReport(page: string, report: Report): ReportFiles {
  const requests = `${page.replace(/\.html?$/i, '')}.ndjson`;
  writeFileAtomically(page, reportPage(report), MODE);
  writeFileAtomically(requests, asRecording(report.entries), MODE);
  return { page, requests };
}
