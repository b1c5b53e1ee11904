import { readXml } from '../xml/read-xml.ts';
import { XmlError } from '../xml/xml-error.ts';
import { Settings } from './settings.ts';
import { SettingsError } from './settings-error.ts';

/** An opensrf.xml on disk, with its content at the last successful read. */
export class SettingsFile {
  readonly path: string;
  private settings: Settings;
  private readonly xpathSteps: number | undefined;

  /** Reads the file. @param xpathSteps The limit of that name. @throws SettingsError */
  constructor(path: string, xpathSteps?: number) {
    this.path = path;
    this.xpathSteps = xpathSteps;
    this.settings = readSettings(path, xpathSteps);
  }

  get current(): Settings {
    return this.settings;
  }

  /** Reads the file again; on failure the old content stays. @throws SettingsError */
  reload(): void {
    this.readAgain()();
  }

  /** Reads the file again. @returns A function that applies the new content. @throws SettingsError */
  readAgain(): () => void {
    const settings = readSettings(this.path, this.xpathSteps);
    return () => {
      this.settings = settings;
    };
  }
}

function readSettings(path: string, xpathSteps: number | undefined): Settings {
  try {
    return checkedSettings(path, xpathSteps);
  } catch (error) {
    throw error instanceof XmlError ? new SettingsError(error) : error;
  }
}

function checkedSettings(path: string, xpathSteps: number | undefined): Settings {
  const root = readXml(path, 'files');
  const { name, uri, line } = root;
  if (name !== 'opensrf') throw XmlError.at(path, line, `the root element is <${name}>, not <opensrf>; this is not an opensrf.xml`);
  if (uri !== '') throw XmlError.at(path, line, `<opensrf> is in the namespace ${uri}; OpenSRF looks for it without one, so remove its xmlns`);
  const settings = new Settings(root, xpathSteps);
  if (settings.select('/opensrf/default|/opensrf/hosts').length === 0) throw XmlError.at(path, line, '<opensrf> contains neither <default> nor <hosts>');
  return settings;
}
