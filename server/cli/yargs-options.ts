import type { Option, OptionTable } from '../config/setting.ts';

/** An option as declared to yargs. */
interface Declaration {
  readonly type: 'boolean' | 'number' | 'string';
  readonly string?: true;
  readonly choices?: readonly string[];
  readonly group?: string;
  readonly describe: string;
  readonly defaultDescription?: string;
  readonly hidden: boolean;
}

/**
 * Declares a table of options to yargs. Values stay texts; our own types parse them, like those of the environment and of files.
 * @param forHelp Whether yargs shows or completes possible values. Otherwise it must not know them, or it would check values itself.
 */
export function yargsOptions(table: OptionTable, forHelp: boolean): Record<string, Declaration> {
  const options = Object.values(table).filter(({ option }) => option !== '');
  return Object.fromEntries(options.map((option) => [option.option, declared(option, forHelp)]));
}

function declared({ type, group, describe, shownDefault, hidden }: Option, forHelp: boolean): Declaration {
  return {
    type: type.label,
    // Beside "number", which only sets the label in the help, this keeps values as texts.
    ...(type.label !== 'boolean' && { string: true }),
    ...(forHelp && type.choices.length > 0 && { choices: type.choices }),
    ...(group !== '' && { group: `${group}:` }),
    ...(shownDefault !== '' && { defaultDescription: shownDefault }),
    describe,
    hidden,
  };
}
