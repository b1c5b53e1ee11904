import type { TraceSummary } from '../../control/trace/trace-entry.ts';

/** What a person may try about a request without a good answer; `''`: nothing. */
export function adviceFor(summary: TraceSummary): string {
  if (summary.fault !== '') return 'A test has injected this fault: --fault, or fault() of a fixture.';
  switch (summary.outcome) {
    case 'ok':
      return '';
    case 'failed':
      return `The log of ${summary.service || 'the service'} says more: look for the worker ${summary.worker}, at the time above.`;
    case 'refused':
      return refusal(summary);
    case 'lost':
      return loss(summary);
    case 'open':
      return summary.reason === ''
        ? 'It may still get its answer: ask again.'
        : `See what ${summary.worker || summary.listener || summary.to} is doing: its log, its processes.`;
    case 'unseen':
      return 'Raise the limits followedRequests and followedBytes if it happens at low load; nothing else is wrong.';
  }
}

function refusal({ statusCode, state, reason, service }: TraceSummary): string {
  if (reason.includes('drained')) return `"opensrf-chopchop drain ${service} --resume" sends requests to it again.`;
  if (statusCode === 403 || reason.includes('not trusted'))
    return 'Name the domain of the client in --trusted-client, or in trusted_domains of the router in opensrf_core.xml.';
  if (statusCode === 404 || state === 'bounced')
    return `Start the service. "opensrf-chopchop services" lists what is registered, "opensrf-chopchop doctor" checks the site.`;
  return '"opensrf-chopchop status" shows the state of the router.';
}

function loss({ state, reason, listener, service, durationMs }: TraceSummary): string {
  if (state === 'abandoned' && reason.includes('again')) return 'Look for the next request with the same session and number.';
  if (state === 'abandoned') return `The client gave up after ${Math.round(durationMs ?? 0)} ms, or its process ended: see its log, and its time-outs.`;
  if (state === 'bounced') return 'The addressee has no session any more. A client of a lost worker has to connect again.';
  return reason.startsWith('The worker')
    ? `The process of the worker ended: see the log of ${service}, and that of the kernel (out of memory?).`
    : `The process of ${listener} ended, or lost its connection: see the log of ${service}.`;
}
