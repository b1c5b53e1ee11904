import { DEFAULT_LOCALE } from '../../../shared/osrf/message.ts';

/** The first of a list of languages (RFC 9110 §12.5.4), parsed like OpenSRF: up to the comma. `*` sets no language. */
export function localeOf(languages: string | undefined): string {
  const first = languages?.split(',', 1)[0] ?? '';
  return first === '' || first === '*' ? DEFAULT_LOCALE : first;
}
