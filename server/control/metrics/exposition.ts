/** The formats of metrics. */
export type Exposition = 'prometheus' | 'openmetrics';

/** Their media types. */
export const EXPOSITION_TYPES: Readonly<Record<Exposition, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** The format that a client prefers by its `Accept` (RFC 9110 §12.5.1); Prometheus' text, which every tool reads, unless it clearly wants OpenMetrics. */
export function expositionFor(accept: string): Exposition {
  let best = 0;
  let text = 0;
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const quality = qualityOf(parameters);
    if (type === 'application/openmetrics-text') best = Math.max(best, quality);
    else if (type === 'text/plain') text = Math.max(text, quality);
  }
  return best > text ? 'openmetrics' : 'prometheus';
}

function qualityOf(parameters: readonly string[]): number {
  const given = parameters.find((parameter) => parameter.startsWith('q='));
  const quality = given === undefined ? 1 : Number(given.slice(2));
  return quality >= 0 && quality <= 1 ? quality : 0;
}

/** A counter in OpenMetrics, whose samples have a suffix that its name has not. */
const COUNTER = /^# TYPE (\S+) counter$/m;

/** One metric of OpenMetrics as Prometheus' text: there a counter is named as its samples are. */
export function asPrometheusText(metric: string): string {
  const name = COUNTER.exec(metric)?.[1];
  if (name === undefined) return metric;
  return metric.replace(`# HELP ${name} `, `# HELP ${name}_total `).replace(`# TYPE ${name} `, `# TYPE ${name}_total `);
}
