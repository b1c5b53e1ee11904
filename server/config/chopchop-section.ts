import type { ConfigElement } from './xml-file.ts';

/** What `<chopchop>` may hold besides the old server's elements: the options of `serve`, with underscores. */
const OPTIONS: ReadonlyMap<string, { readonly option: string; readonly type: 'text' | 'number' | 'list' }> = new Map([
  ['domain', { option: 'domain', type: 'list' }],
  ['listen_address', { option: 'host', type: 'list' }],
  ['port', { option: 'port', type: 'number' }],
  ['component', { option: 'component', type: 'list' }],
  ['component_port', { option: 'component-port', type: 'number' }],
  ['component_secret', { option: 'component-secret', type: 'text' }],
  ['secret', { option: 'component-secret', type: 'text' }],
  ['component_conflict', { option: 'component-conflict', type: 'text' }],
  ['balance', { option: 'balance', type: 'text' }],
  ['on_listener_loss', { option: 'on-listener-loss', type: 'text' }],
  ['loss_grace', { option: 'loss-grace', type: 'number' }],
  ['absent_service', { option: 'absent-service', type: 'text' }],
  ['hold', { option: 'hold', type: 'number' }],
  ['external_router', { option: 'external-router', type: 'text' }],
  ['peer_router', { option: 'peer-router', type: 'list' }],
]);

/** Elements of the server that OpenSRF once had, which mean nothing here. */
const OLD = new Set(['s2sport', 'loglevel', 'logfile', 'syslog']);

/** The options that a `<chopchop>` section sets, and a warning for each element nobody knows. */
export function chopchopOptions(section: ConfigElement | null, file: string): { options: Record<string, unknown>; warnings: string[] } {
  const options: Record<string, unknown> = {};
  const warnings: string[] = [];
  for (const { name, text, line } of section?.children ?? []) {
    const known = OPTIONS.get(name);
    if (known === undefined) {
      if (!OLD.has(name)) warnings.push(`${file}:${line}: <chopchop>: <${name}> is not known (known: ${[...OPTIONS.keys()].join(', ')})`);
      continue;
    }
    switch (known.type) {
      case 'list':
        options[known.option] = [...((options[known.option] as string[] | undefined) ?? []), text];
        break;
      case 'number':
        options[known.option] ??= Number(text);
        break;
      case 'text':
        options[known.option] ??= text;
        break;
    }
  }
  return { options, warnings };
}
