/** The result of a check. */
export interface Finding {
  readonly grade: 'ok' | 'warning' | 'failure';
  readonly text: string;
  /** The fix, in one line; `''` if none is needed. */
  readonly remedy: string;
}

export function ok(text: string): Finding {
  return { grade: 'ok', text, remedy: '' };
}

export function warning(text: string, remedy: string): Finding {
  return { grade: 'warning', text, remedy };
}

export function failure(text: string, remedy: string): Finding {
  return { grade: 'failure', text, remedy };
}
