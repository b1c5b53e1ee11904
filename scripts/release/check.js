// Checks the contents of a release, from a clean clone of the last commit: the package, the executable, the licences of their parts, and the SBOM.
// Leaves them in release/. `npm run release:check`; the registry is needed for the package's dependencies.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { buildBinary } from './build-binary.js';
import { fillRoot, runInRoot } from './chroot.js';
import { bundledPackages, licenceProblems, nodeLicence, notices } from './notices.js';
import { restartBinary } from './restart.js';
import { name, root, version } from './root.js';

const MAX_UNPACKED_BYTES = 1_000_000;
const TOP = new Set(['package.json', 'README.md', 'LICENSE', 'dist']);
const DEMO_END = /All steps succeeded\./;

/** A client of one entry talks to a server of the other. */
const BOTH_ENTRIES = `import * as library from '${name}';
  import * as client from '${name}/client';
  const different = Object.keys(client).filter((name) => library[name] !== client[name]);
  if (different.length > 0) throw new Error('two copies of ' + different);
  const jabber = await library.startChopChop();
  const login = { host: jabber.host, port: jabber.port, domain: jabber.domain, username: 'opensrf', password: 'password', resource: 'client' };
  const one = await client.OsrfClient.connect(login);
  const error = await one.request('opensrf.none', 'none').catch((error) => error);
  await one.close();
  await jabber.stop();
  console.log(error instanceof library.OsrfError && error instanceof client.OsrfError ? 'OsrfError of both, kind ' + error.kind : error);`;

/** The required and the imported package are one copy. */
const BOTH_MODULES = `const library = require('${name}');
  import('${name}/client').then(({ OsrfError }) => console.log(OsrfError === library.OsrfError ? 'one copy' : 'two copies'));`;

/** The server loads Node's TLS, and the client does not. */
const CLIENT_ALONE = `import { createRequire } from 'node:module';
  import { basename } from 'node:path';
  import { OsrfClient } from '${name}/client';
  const files = Object.keys(createRequire(import.meta.url).cache).map((file) => basename(file));
  if (typeof OsrfClient.connect !== 'function') throw new Error('no client');
  console.log(files.join(), process.moduleLoadList.includes('NativeModule tls') ? 'with tls' : 'without tls');`;

const work = mkdtempSync(join(tmpdir(), 'chopchop-release-'));
const output = join(root, 'release');
mkdirSync(output, { recursive: true });

function run(program, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  assert.equal(status, 0, `${program} ${args.join(' ')}: ${error?.message ?? `${stdout}\n${stderr}`}`);
  return stdout.trim();
}

function step(what) {
  console.log(`ok  ${what}`);
}

function emptyFolder(name) {
  const folder = join(work, name);
  mkdirSync(folder);
  return folder;
}

function hash(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

function checkVersion() {
  assert.match(version, /^\d+\.\d+\.\d+/);
  const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  assert.ok(changelog.includes(`## [${version}]`), `CHANGELOG.md has a section for ${version}`);
  const { status, stdout } = spawnSync('git', ['grep', '-lF', `"${version}"`, '--', '*.ts', '*.js', '*.json', '*.md'], { cwd: root, encoding: 'utf8' });
  const places = status === 0 ? stdout.trim().split('\n') : [];
  assert.deepEqual(
    places.filter((place) => !['package.json', 'package-lock.json'].includes(place)),
    [],
    'only package.json has the version',
  );
  step(`version ${version}: in package.json alone, with its section in CHANGELOG.md`);
}

function pack(clone) {
  run('git', ['clone', '--quiet', '--no-hardlinks', root, clone]);
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--silent', '--pack-destination', output], { cwd: clone }).replace(/^[^[]*/, ''));
  assert.equal(run('git', ['status', '--porcelain', '--untracked-files=no'], { cwd: clone }), '', 'packing leaves the sources as they were');
  return packed;
}

function checkPackage({ filename, files, unpackedSize }) {
  const tarball = join(output, filename);
  const unexpected = files.map(({ path }) => path).filter((path) => !TOP.has(path.split('/', 1)[0]) || /(^|\/)(?:test|scripts)\//.test(path));
  assert.deepEqual(unexpected, [], 'the package contains only the files that it needs');
  assert.ok(unpackedSize < MAX_UNPACKED_BYTES, `${unpackedSize} bytes unpacked are too many`);
  const folder = emptyFolder('unpacked');
  run('tar', ['-xzf', tarball, '-C', folder]);
  const { scripts, dependencies, devDependencies, repository, bugs, homepage } = JSON.parse(readFileSync(join(folder, 'package/package.json'), 'utf8'));
  assert.deepEqual([scripts, devDependencies], [undefined, undefined], 'the package has neither scripts nor development tools');
  // npm compares it with the provenance's signature.
  if (process.env.GITHUB_REPOSITORY !== undefined)
    assert.ok([repository.url, bugs, homepage].every((url) => url.includes(`/${process.env.GITHUB_REPOSITORY}`)));
  run('gunzip', [join(folder, 'package/dist/man/opensrf-chopchop.1.gz')]);
  checkManPage(join(folder, 'package/dist/man/opensrf-chopchop.1'));
  step(`${filename}: ${files.length} files, ${unpackedSize} bytes, no scripts, needs ${Object.keys(dependencies).join(' ')}`);
  return tarball;
}

function checkManPage(page) {
  const text = readFileSync(page, 'utf8');
  for (const what of [
    '.SH SERVE',
    '.SH REQUEST',
    '.SH DOCTOR',
    '\\-\\-on\\-listener\\-loss',
    '.SH EXAMPLES',
    '.SH EXIT STATUS',
    '.SH ENVIRONMENT',
    '.SH FILES',
  ])
    assert.ok(text.includes(what), `the man page has ${what}`);
  const silent = [
    ['groff', '-K', 'utf8', '-man', '-Tutf8', '-ww', '-z', page],
    ['mandoc', '-T', 'lint', '-W', 'warning', page],
  ].map(([program, ...args]) => {
    const { error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    if (error === undefined) assert.equal(stdout + stderr, '', `${program} has nothing to say`);
    return error === undefined ? `${program} has nothing to say` : `SKIPPED: no ${program}`;
  });
  step(`opensrf-chopchop.1: ${text.split('\n').length} lines, ${silent.join(', ')}`);
}

/** The first ten digits of the commit that is checked out, in a clone with any number of objects. */
const head = () => run('git', ['rev-parse', 'HEAD'], { cwd: root }).slice(0, 10);

function checkNpx(what, specifier) {
  const folder = emptyFolder(what.replace(/\W/g, ''));
  // npx keeps its installed packages.
  const cache = join(folder, 'cache');
  const shown = run('npx', ['--yes', '--cache', cache, '--prefer-offline', specifier, 'demo'], {
    cwd: folder,
    env: { ...process.env, npm_config_cache: cache },
  });
  assert.match(shown, DEMO_END);
  const printed = run('npx', ['--yes', '--cache', cache, '--offline', specifier, '--version'], {
    cwd: folder,
    env: { ...process.env, npm_config_cache: cache },
  });
  assert.ok(printed.startsWith(`${version} (commit ${head()}, `), `--version: ${printed}`);
  step(`npx ${what} demo, in an empty folder with an empty cache; --version: ${printed}`);
}

/** The library and the programs, where the package is installed. */
async function checkInstalled(tarball) {
  const folder = emptyFolder('installed');
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', tarball], { cwd: folder });
  checkLibrary(folder);
  const router = spawnSync(join(folder, 'node_modules/.bin/opensrf_router'), [], { encoding: 'utf8' });
  assert.deepEqual([router.status, router.stderr], [2, 'opensrf_router: usage: opensrf_router CONFIG CONTEXT [PIDFILE]\n']);
  step('installed: opensrf_router is there');
  checkOldNode(folder);
  checkHelp(join(folder, 'node_modules/.bin', name));
  await checkCodeCache(join(folder, 'node_modules/.bin', name));
  await checkPage('installed', join(folder, 'node_modules/.bin', name));
}

/** A Node that is too old gets one line, from both programs. */
function checkOldNode(folder) {
  const old = join(folder, 'old.cjs');
  writeFileSync(old, "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.4' } });");
  for (const program of [name, 'opensrf_router']) {
    const { status, stderr } = spawnSync(process.execPath, ['--require', old, join(folder, 'node_modules/.bin', program)], { encoding: 'utf8' });
    assert.deepEqual([status, stderr], [1, `${program}: needs Node 20.19 or later, this is 18.20\n`]);
  }
  step('installed: an old Node is refused in one line');
}

/** Both entries share one copy of the code, the client's runs nothing of the server, and their types are complete. */
function checkLibrary(folder) {
  writeFileSync(join(folder, 'library.js'), BOTH_ENTRIES);
  assert.equal(run(process.execPath, ['library.js'], { cwd: folder }), 'OsrfError of both, kind router');
  writeFileSync(join(folder, 'library.cjs'), BOTH_MODULES);
  assert.equal(run(process.execPath, ['library.cjs'], { cwd: folder }), 'one copy');
  writeFileSync(join(folder, 'client.js'), CLIENT_ALONE);
  assert.equal(run(process.execPath, ['client.js'], { cwd: folder }), 'client.cjs,chopchop.cjs without tls');
  copyFileSync(join(root, 'test/fixtures/package-types.txt'), join(folder, 'user.ts'));
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')];
  const options = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2023,esnext.disposable'];
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...options, ...types, 'user.ts'], { cwd: folder });
  step('installed: both entries of the library work, share their classes, and have their types');
}

/** The bundle lays its help out by a simpler rule than yargs has. */
function checkHelp(program) {
  const sources = join(root, 'dist/server/main.js');
  for (const args of [['--help'], ['serve', '--help'], ['help', 'hold'], ['--help', 'limits'], ['exec', '--help'], ['request', '--help']])
    assert.equal(run(program, args), run(process.execPath, [sources, ...args]), `${args.join(' ')}: as the sources print it`);
  assert.match(run(program, ['--version']), new RegExp(`^${version} \\(commit [0-9a-f]{10}, npm package\\)$`));
  step('installed: prints the same help as the sources, and --version its commit');
}

/** The compiled code is kept for the next start, and never prevents one. */
async function checkCodeCache(program) {
  const cache = emptyFolder('compiled');
  const options = { env: { ...process.env, HOME: cache, XDG_CACHE_HOME: '' }, encoding: 'utf8' };
  const child = spawn(program, ['--port', '0', '--no-console'], { ...options, stdio: 'ignore' });
  const folder = join(cache, '.cache', name);
  while (!existsSync(folder) || readdirSync(folder).some((file) => file.endsWith(`.${child.pid}`)) || readdirSync(folder).length === 0) await setTimeout(100);
  child.kill('SIGTERM');
  await once(child, 'exit');
  const [kept, ...others] = readdirSync(folder);
  assert.deepEqual([kept, others], [`serve-node${process.versions.node}-${process.arch}`, []]);
  assert.match(run(program, ['demo'], options), DEMO_END);
  const ofDemo = join(folder, kept.replace('serve', 'demo'));
  const written = statSync(ofDemo).ino;
  assert.match(run(program, ['demo'], options), DEMO_END);
  assert.equal(statSync(ofDemo).ino, written, 'valid compiled code is not rewritten');
  writeFileSync(ofDemo, readFileSync(ofDemo).fill(1, 1_000, 50_000));
  assert.match(run(program, ['demo'], options), DEMO_END);
  assert.notEqual(statSync(ofDemo).ino, written, 'broken compiled code is rewritten');
  step('installed: keeps its compiled code, uses it, and starts without it if it is broken');
}

/** The package has the console's page compressed, the executable as an asset. */
async function checkPage(what, program) {
  const ready = join(emptyFolder(`page of ${what}`), 'ready');
  const child = spawn(program, ['--port', '0', '--console', '0', '--ready-file', ready], { stdio: 'ignore' });
  while (!existsSync(ready)) await setTimeout(100);
  const { url } = JSON.parse(readFileSync(ready, 'utf8')).control;
  for (const encoding of ['gzip', 'identity']) {
    const response = await fetch(`${url}/`, { headers: { 'Accept-Encoding': encoding } });
    assert.equal(response.headers.get('content-encoding') ?? 'identity', encoding);
    assert.match(await response.text(), /<title>opensrf-chopchop<\/title>/);
  }
  child.kill('SIGTERM');
  await once(child, 'exit');
  step(`${what}: serves the console's page`);
}

async function checkBinary() {
  const [first, second] = ['first', 'second'].map((name) => join(work, name));
  const metafiles = await buildBinary(first);
  await buildBinary(second);
  assert.equal(hash(first), hash(second), 'two builds are the same, byte by byte');
  step(`executable: two builds are the same (sha256 ${hash(first).slice(0, 16)}…)`);
  const printed = run(first, ['--version']);
  assert.ok(printed.startsWith(`${version} (commit ${head()}`), `--version: ${printed}`);
  step(`executable --version: ${printed}`);
  await checkPage('executable', first);
  const newer = join(work, 'newer');
  await buildBinary(newer, `${version}-next`);
  const versions = await restartBinary(emptyFolder('restarted'), first, newer);
  assert.deepEqual(versions, [version, `${version}-next`, version]);
  step(`executable restart: ${versions.join(', ')} took over a client and a service`);
  checkInEmptyRoot(first);
  copyFileSync(first, join(output, name));
  return metafiles;
}

function checkInEmptyRoot(binary) {
  if (process.getuid() !== 0) {
    console.log('--  SKIPPED: demo in an empty root needs to be root for chroot');
    return;
  }
  const folder = emptyFolder('root');
  const libraries = fillRoot(folder, binary);
  const { status, stdout, stderr } = runInRoot(folder, ['demo']);
  assert.deepEqual([status, stderr], [0, '']);
  assert.match(stdout, DEMO_END);
  // As much of the server as starts at once.
  assert.equal(runInRoot(folder, ['--check-config']).stderr, '');
  step(`executable demo in an empty root, with ${libraries.length} libraries that ldd names: ${libraries.map((path) => path.split('/').pop()).join(' ')}`);
}

function checkNotices(metafiles) {
  const packages = bundledPackages(...metafiles);
  assert.deepEqual(licenceProblems(packages), []);
  writeFileSync(
    join(output, 'THIRD-PARTY-NOTICES'),
    notices(`The executable ${name} has these packages in it, and Node.js ${process.versions.node}.`, packages, [nodeLicence()]),
  );
  step(`THIRD-PARTY-NOTICES: ${packages.length} packages, ${[...new Set(packages.map(({ license }) => license))].join(', ')}`);
  return packages;
}

function checkSbom(packages) {
  // As published, with the bundled packages, and without tools: `npm sbom --omit=dev` also omits the tools' dependencies.
  const folder = join(work, 'unpacked/package');
  const [published, sources] = [folder, root].map((place) => JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...published, dependencies: sources.dependencies }));
  copyFileSync(join(root, 'package-lock.json'), join(folder, 'package-lock.json'));
  run('npm', ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: folder });
  const text = run('npm', ['sbom', '--sbom-format=cyclonedx', '--package-lock-only'], { cwd: folder });
  const components = new Set(JSON.parse(text).components.map((component) => `${component.name}@${component.version}`));
  const missing = packages.map((one) => `${one.name}@${one.version}`).filter((one) => !components.has(one));
  assert.deepEqual(missing, [], 'the SBOM contains all bundled packages');
  writeFileSync(join(output, 'sbom.cdx.json'), `${text}\n`);
  step(`sbom.cdx.json: ${components.size} components`);
}

try {
  checkVersion();
  const clone = join(work, 'clone');
  const tarball = checkPackage(pack(clone));
  await checkInstalled(tarball);
  checkNpx('file:PACKAGE.tgz', `file:${tarball}`);
  checkNpx('git+file:', `git+file://${root}`);
  const packages = checkNotices(await checkBinary());
  checkSbom(packages);
} finally {
  rmSync(work, { recursive: true });
}
