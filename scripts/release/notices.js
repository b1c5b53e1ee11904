// The licences of the packages bundled into package and executable.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './root.js';

/** Licences that ask for no more than to be named. */
const FITTING = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0', '0BSD', 'CC0-1.0', 'Unlicense'];

/**
 * @param metafiles esbuild's accounts of bundles.
 * @returns each package in them, with its licence.
 */
export function bundledPackages(...metafiles) {
  const folders = new Set(
    metafiles
      // Of stubbed packages, next to nothing is in the bundle.
      .flatMap(({ outputs }) => Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs).filter((path) => inputs[path].bytesInOutput > 50)))
      .map((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0])
      .filter((path) => path !== undefined),
  );
  return [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    return { name, version, license, text: licenceOf(name, join(root, folder)) };
  });
}

/** Of a package that comes without its licence we keep it here. */
function licenceOf(name, folder) {
  const file = readdirSync(folder).find((entry) => /^(?:licen[cs]e|copying)/i.test(entry));
  const places = [...(file === undefined ? [] : [join(folder, file)]), join(root, `scripts/release/licences/${name}.txt`)].filter((path) => existsSync(path));
  return places[0] === undefined ? '' : readFileSync(places[0], 'utf8').trim();
}

/** The reasons why packages must not be distributed with ours. */
export function licenceProblems(packages) {
  return packages.flatMap(({ name, version, license, text }) => [
    ...(FITTING.includes(license) ? [] : [`${name} ${version}: the licence ${license} is not among ${FITTING.join(', ')}`]),
    ...(text === '' ? [`${name} ${version}: has no file with its licence`] : []),
  ]);
}

/** A line that names the owner of the copyright. */
const OWNER = /^\W*copyright\b.*(?:\d{4}|\(c\)|©)/i;
/** The title of a licence, which some packages leave out. */
const TITLE = /^(?:the )?(?:mit|isc) licen[cs]e(?: \(mit\))?\s*$/i;

function wordingOf(text) {
  return text
    .split('\n')
    .filter((line) => !OWNER.test(line) && !TITLE.test(line.trim()))
    .join('\n')
    .trim();
}

/** One section for all packages with the same wording; each keeps its owners. */
function sectionsOf(packages) {
  const groups = new Map();
  for (const one of packages) {
    const key = wordingOf(one.text).replace(/\s+/g, ' ');
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((group) => {
    const heads = group.map(({ name, version, license, text }) => {
      const owners = text.split('\n').filter((line) => OWNER.test(line));
      return [`${name} ${version} (${license})`, ...owners.map((line) => `  ${line.trim()}`)].join('\n');
    });
    return `${heads.join('\n')}\n\n${wordingOf(group[0].text)}\n`;
  });
}

/** The text of THIRD-PARTY-NOTICES. @param extra Sections after those of the packages. */
export function notices(title, packages, extra = []) {
  const sections = sectionsOf(packages);
  const rule = `\n${'-'.repeat(80)}\n\n`;
  return [`${title}\n`, ...sections, ...extra].join(rule);
}

/** Node's own licence, from its installation or the distribution's, with those of its parts. */
export function nodeLicence() {
  const prefix = join(dirname(process.execPath), '..');
  const places = ['LICENSE', 'share/doc/nodejs/copyright', 'share/doc/nodejs/LICENSE', 'share/doc/node/LICENSE'].map((path) => join(prefix, path));
  const file = places.find((path) => existsSync(path));
  const text = file === undefined ? `https://github.com/nodejs/node/blob/v${process.versions.node}/LICENSE` : readFileSync(file, 'utf8').trim();
  return `Node.js ${process.versions.node}\n\n${text}\n`;
}
