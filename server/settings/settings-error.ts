import type { XmlError } from '../xml/xml-error.ts';

/** The opensrf.xml of the built-in settings is unusable. The message has the file, and the line of the mistake. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  /** `file`: it cannot be read; `content`: its content is invalid. */
  readonly fault: 'file' | 'content';

  constructor({ fault, message }: XmlError) {
    super(message);
    this.fault = fault;
  }
}
