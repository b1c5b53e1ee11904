import { readFileSync } from 'node:fs';
import { decodeXml } from '../xml/decode-text.ts';
import { parseXml } from '../xml/parse.ts';
import { SettingsError } from '../xml/settings-error.ts';
import { Settings } from './settings.ts';

/** One opensrf.xml on disk, and what stood in it when it was read last. */
export class SettingsFile {
  readonly path: string;
  private settings: Settings;

  /** Reads the file. @throws SettingsError */
  constructor(path: string) {
    this.path = path;
    this.settings = readSettings(path);
  }

  get current(): Settings {
    return this.settings;
  }

  /** Reads the file again; what was read before stays if it cannot be. @throws SettingsError */
  reload(): void {
    this.readAgain()();
  }

  /** Reads the file again. @returns what takes over what stands there. @throws SettingsError */
  readAgain(): () => void {
    const settings = readSettings(this.path);
    return () => {
      this.settings = settings;
    };
  }
}

function readSettings(path: string): Settings {
  const root = parseXml(readText(path), path, readText).children.find(({ kind }) => kind === 'element');
  if (root?.name !== 'opensrf') throw SettingsError.at(path, 1, `the document is <${root?.name}>, not <opensrf>; name the file opensrf.xml, not another one`);
  if (root.uri !== '') throw SettingsError.at(path, 1, `<opensrf> is in the namespace ${root.uri}; OpenSRF looks for it without one, so remove its xmlns`);
  const settings = new Settings(root);
  if (settings.select('/opensrf/default|/opensrf/hosts').length === 0) throw SettingsError.at(path, 1, '<opensrf> holds neither <default> nor <hosts>');
  return settings;
}

function readText(path: string): string {
  return decodeXml(readBytes(path), path);
}

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw SettingsError.unreadable(path, error as Error);
  }
}
