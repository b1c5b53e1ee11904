// The npm package. The published package has programs and library bundled (see bundle.js), the types of the library, and no scripts or development tools
// in its package.json: it must run nothing at its installation, and npm warns users about packages that might.
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { transform } from 'esbuild';
import { BESIDE_PACKAGE, bundleForPackage, RUNNERS } from './bundle.js';
import { manPage } from './man.js';
import { bundledPackages, licenceProblems, notices } from './notices.js';
import { commit, root, version } from './root.js';

export const PAGE = 'dist/server/console/page';
const NOTICES = 'dist/THIRD-PARTY-NOTICES';
/** Compressed, as Debian has them. */
const MAN = 'dist/man/opensrf-chopchop.1.gz';

/** The entries of the library: the file that declares the types of each, and that of its code. */
const ENTRIES = {
  '.': ['index', 'index'],
  './client': ['client', 'client'],
  ...Object.fromEntries(Object.keys(RUNNERS).map((name) => [`./${name}`, [`runners/${name}`, name]])),
};

const PUBLISHED = {
  // Types without "type": "module" serve both import and require().
  type: undefined,
  main: './dist/bin/index.cjs',
  exports: {
    ...Object.fromEntries(
      Object.entries(ENTRIES).map(([name, [types, file]]) => [
        name,
        { types: `./dist/server/${types}.d.ts`, import: `./dist/bin/${file}.mjs`, default: `./dist/bin/${file}.cjs` },
      ]),
    ),
    './package.json': './package.json',
  },
  // Its helper imports Vitest; package managers then let it, and install nothing.
  peerDependencies: { vitest: '*' },
  peerDependenciesMeta: { vitest: { optional: true } },
  man: `./${MAN}`,
  bin: { 'opensrf-chopchop': 'dist/bin/main.cjs', opensrf_router: 'dist/bin/opensrf-router.cjs' },
};

/** What the registry shows of the repository. A package's provenance names the repository that it is built from, and its package.json has to agree. */
function pagesOf(repository) {
  if (repository === undefined) return {};
  const url = `https://github.com/${repository}`;
  return { repository: { type: 'git', url: `git+${url}.git` }, homepage: `${url}#readme`, bugs: `${url}/issues` };
}

async function minified(path) {
  const text = readFileSync(path, 'utf8');
  if (!/\.(?:js|css)$/.test(path)) return text;
  const { code } = await transform(text, { loader: path.endsWith('.css') ? 'css' : 'js', minify: true, legalComments: 'none' });
  return code;
}

/** Minifies and compresses the files of the console's page. Each stays a file of its own, served as it is. */
async function compressPage(folder) {
  for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const path = join(file.parentPath, file.name);
    writeFileSync(`${path}.gz`, gzipSync(await minified(path), { level: 9 }));
    rmSync(path);
  }
}

/** Finds the files of types that one needs, itself included. */
function findTypes(path, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  const text = readFileSync(path, 'utf8');
  for (const [, target] of text.matchAll(/(?:from|import\()\s*["'](\.[^"']+)["']/g)) findTypes(join(dirname(path), target.replace(/\.[jt]s$/, '.d.ts')), found);
  return found;
}

/** The files of types of all entries, by their paths from the root. */
function types() {
  const found = new Set();
  for (const [file] of Object.values(ENTRIES)) findTypes(join(root, `dist/server/${file}.d.ts`), found);
  return [...found].map((path) => relative(root, path));
}

/** @param repository As `OWNER/NAME`, at GitHub. @returns The text of the published package.json. */
export function manifest(text, repository = process.env.GITHUB_REPOSITORY) {
  const { scripts: _scripts, devDependencies: _tools, dependencies, ...published } = JSON.parse(text);
  const loaded = Object.fromEntries(Object.entries(dependencies).filter(([name]) => BESIDE_PACKAGE.includes(name)));
  const files = ['dist/bin', 'dist/man', NOTICES, PAGE, ...types()];
  return `${JSON.stringify({ ...published, ...PUBLISHED, ...pagesOf(repository), dependencies: loaded, files }, null, 2)}\n`;
}

/** Makes the code of the package and its package.json. @returns esbuild's lists of the code's contents. */
async function makeCode(folder) {
  const metafiles = await bundleForPackage(join(folder, 'dist/bin'), { version, commit: commit(), build: 'npm package' });
  for (const program of Object.values(PUBLISHED.bin)) chmodSync(join(folder, program), 0o755);
  return metafiles;
}

function writeManifest(folder) {
  writeFileSync(join(folder, 'package.json'), manifest(readFileSync(join(root, 'package.json'), 'utf8')));
}

/**
 * Makes the parts of the package that the compiler does not make, and its package.json.
 * @param folder The package, which has its types and the console's page already.
 */
export async function makePackage(folder) {
  const packages = bundledPackages(...(await makeCode(folder)));
  const problems = licenceProblems(packages);
  if (problems.length > 0) throw new Error(problems.join('; '));
  writeFileSync(join(folder, NOTICES), notices('The package opensrf-chopchop has these packages in it.', packages));
  await compressPage(join(folder, PAGE));
  mkdirSync(join(folder, dirname(MAN)), { recursive: true });
  writeFileSync(join(folder, MAN), gzipSync(manPage(), { level: 9 }));
  writeManifest(folder);
}

/** Makes the package in an empty folder, for tests: without notices and man page. */
export async function stagePackage(folder) {
  mkdirSync(join(folder, 'dist/bin'), { recursive: true });
  for (const path of [PAGE, ...types()]) cpSync(join(root, path), join(folder, path), { recursive: true });
  await compressPage(join(folder, PAGE));
  await makeCode(folder);
  writeManifest(folder);
}
