// npm runs this before and after it packs. The published package has programs and library in one file (see release/bundle.js), the types of the library, and no
// scripts or development tools in its package.json: the package must run nothing at its installation, and npm warns users about packages that might.
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { transform } from 'esbuild';
import { bundleForPackage } from './release/bundle.js';
import { manPage } from './release/man.js';
import { bundledPackages, licenceProblems, notices } from './release/notices.js';
import { commit, root, version } from './release/root.js';

const [file, original] = ['package.json', 'package.json.orig'].map((name) => join(root, name));
const NOTICES = 'dist/THIRD-PARTY-NOTICES';
const PAGE = 'dist/server/console/page';
const PUBLISHED = {
  exports: {
    '.': { types: './dist/server/index.d.ts', default: './dist/bin/index.js' },
    './client': { types: './dist/server/client.d.ts', default: './dist/bin/client.js' },
    './package.json': './package.json',
  },
  man: './dist/man/opensrf-chopchop.1',
  bin: { 'opensrf-chopchop': 'dist/bin/main.cjs', opensrf_router: 'dist/bin/opensrf-router.cjs' },
};

/** A package's provenance names its repository, and its package.json must agree. */
const repository = process.env.GITHUB_REPOSITORY && { type: 'git', url: `git+https://github.com/${process.env.GITHUB_REPOSITORY}.git` };

function restore() {
  if (existsSync(original)) renameSync(original, file);
  cpSync(join(root, 'server/console/page'), join(root, PAGE), { recursive: true });
}

/** Minifies the console's page in dist/. Its modules stay separate: each view is loaded on first use. */
async function minifyPage() {
  for (const path of readdirSync(join(root, PAGE), { recursive: true })) {
    if (!/\.(?:js|css)$/.test(path)) continue;
    const place = join(root, PAGE, path);
    const { code } = await transform(readFileSync(place, 'utf8'), { loader: path.endsWith('.css') ? 'css' : 'js', minify: true, legalComments: 'none' });
    writeFileSync(place, code);
  }
}

/** Finds the declaration files reachable from one, itself included. */
function findTypes(path, found) {
  if (found.has(path)) return;
  found.add(path);
  const text = readFileSync(path, 'utf8');
  for (const [, target] of text.matchAll(/(?:from|import\()\s*["'](\.[^"']+)["']/g)) findTypes(join(dirname(path), target.replace(/\.[jt]s$/, '.d.ts')), found);
}

async function strip() {
  // Leftovers of an interrupted pack.
  restore();
  const folder = join(root, 'dist/bin');
  rmSync(folder, { recursive: true, force: true });
  const packages = bundledPackages(await bundleForPackage(folder, { version, commit: commit(), build: 'npm package' }));
  const problems = licenceProblems(packages);
  if (problems.length > 0) throw new Error(problems.join('; '));
  writeFileSync(join(root, NOTICES), notices('The package opensrf-chopchop has these packages in it.', packages));
  await minifyPage();
  for (const program of Object.values(PUBLISHED.bin)) chmodSync(join(root, program), 0o755);
  mkdirSync(join(root, 'dist/man'), { recursive: true });
  writeFileSync(join(root, PUBLISHED.man), manPage());
  const text = readFileSync(file, 'utf8');
  const { scripts: _scripts, devDependencies: _tools, ...published } = JSON.parse(text);
  const types = new Set();
  for (const { types: entry } of Object.values(PUBLISHED.exports)) if (entry !== undefined) findTypes(join(root, entry), types);
  const files = ['dist/bin', 'dist/man', NOTICES, PAGE, ...[...types].map((path) => relative(root, path)), 'CHANGELOG.md'];
  writeFileSync(original, text);
  writeFileSync(file, `${JSON.stringify({ ...published, ...PUBLISHED, ...(repository && { repository }), files }, null, 2)}\n`);
}

await { strip, restore }[process.argv[2]]();
