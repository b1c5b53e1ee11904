const LINES = 'application/x-ndjson';
const DOCUMENT = 'application/json';

/** Whether a client wants results as lines more than as one document (RFC 9110 §12.5.1); it must name the type, and the more exact of two names counts. */
export function prefersLines(accept: string): boolean {
  const lines = qualityOf(accept, LINES);
  return lines > 0 && lines >= qualityOf(accept, DOCUMENT);
}

/** From 0 to 1; 0 also where it is not named. */
function qualityOf(accept: string, type: string): number {
  for (const range of accept.split(',')) {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (name === type) return Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1) || 0;
  }
  return 0;
}
