import type { ChopChopConfig } from './config.ts';

/** The names of settings that a running server cannot change, and that are not the same in both. */
export function settingsOfStartThatDiffer(one: ChopChopConfig, other: ChopChopConfig): string[] {
  const [before, after] = [settingsOfStart(one), settingsOfStart(other)];
  return Object.keys(before).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}

function settingsOfStart({ domains, hosts, ports, tls, unix, components, plaintextLogin }: ChopChopConfig): Record<string, unknown> {
  // The files of a certificate may be others from now on; to have one or to have none may not.
  const certificate = tls !== null && (tls.certificate === 'self-signed' ? 'self-signed' : 'files');
  return {
    domains,
    hosts,
    ports,
    tls: tls !== null && { ...tls, certificate },
    unix,
    components: { ...components, secrets: [...components.secrets] },
    plaintextLogin,
  };
}
