// All our programs, the library and the code they need of other packages in a file or two: Node takes longer to find 250 small files than to run them.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';
import { divide } from './divide.js';
import { root } from './root.js';

/**
 * yargs lays out its help by it. It knows how wide emoji are, and to read its rules takes longer than all of our own files; our help has none.
 * `release:check` compares the help with that of the sources.
 */
const NARROW_TEXT = {
  name: 'narrow text',
  setup(bundler) {
    bundler.onLoad({ filter: /\/string-width\/index\.js$/ }, () => ({ contents: 'export default (text) => text.length;', loader: 'js' }));
  },
};

/** JSON of a value that refers to itself, or has a BigInt. */
const SAFE_JSON = `exports.configure = () => (value) => {
  const seen = new Set();
  return JSON.stringify(value, (_key, one) => {
    if (typeof one === 'bigint') return String(one);
    if (typeof one !== 'object' || one === null) return one;
    return seen.has(one) ? '[Circular]' : (seen.add(one), one);
  });
};`;

/**
 * Parts of pino and pino-pretty that we do not use: transports in worker threads, several destinations, redaction; destinations, because pino and pino-pretty only make
 * lines for us; a copier for more than JSON; formats of the time besides HH:MM:ss; limits of a writer for values that are no JSON.
 */
const LESS_OF_PINO = {
  name: 'less of pino',
  setup(bundler) {
    bundler.onLoad(
      {
        filter:
          /\/node_modules\/(?:(?:thread-stream|on-exit-leak-free|pino-abstract-transport|pump|@pinojs\/redact)\/index|pino\/lib\/(?:transport|multistream))\.js$/,
      },
      () => ({
        contents: 'module.exports = null;',
        loader: 'js',
      }),
    );
    bundler.onLoad({ filter: /\/node_modules\/fast-copy\/.*\.cjs$/ }, () => ({ contents: 'exports.createCopier = () => structuredClone;', loader: 'js' }));
    bundler.onLoad({ filter: /\/node_modules\/sonic-boom\/index\.js$/ }, () => ({ contents: 'module.exports = class {};', loader: 'js' }));
    bundler.onLoad({ filter: /\/node_modules\/safe-stable-stringify\/index\.js$/ }, () => ({ contents: SAFE_JSON, loader: 'js' }));
    bundler.onLoad({ filter: /\/node_modules\/dateformat\/.*\.js$/ }, () => ({
      contents: 'module.exports = (date) => date.toTimeString().slice(0, 8);',
      loader: 'js',
    }));
  },
};

const COMMON = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  minify: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'error',
};

/** What a command loads only if it is asked for something special; the package has them beside it. */
export const BESIDE_PACKAGE = ['@nats-io/transport-node', '@peculiar/x509', 'prom-client', 'proxy-addr', 'ws', 'yaml'];

/** What every program needs and the library does not, as `import` and `require()` of our sources expect it. */
const FOR_PROGRAMS = { yargs: "require('yargs').default", pino: "require('pino')" };

/** Likewise for the executable, which has them in a file of their own. */
const BESIDE_BINARY = [...BESIDE_PACKAGE, 'pino-pretty'];

/** The entries of the library: the name in the bundle, and that of its file. */
const LIBRARY = { library: 'index', client: 'client' };

/** The helpers of test runners: the module that each takes the runner's hooks from, and the function that makes it. */
export const RUNNERS = {
  jest: { module: '@jest/globals', make: 'forJest' },
  'node-test': { module: 'node:test', make: 'forNodeTest' },
  vitest: { module: 'vitest', make: 'forVitest' },
};

/** The modules behind import() that each start of a program loads, and the entries of the library. */
const AT_START = ['main', 'cli/program', 'cli/serve/serve', 'opensrf-router', 'cli/router-program', ...Object.values(LIBRARY)].map(
  (file) => `server/${file}.ts`,
);

/**
 * The bundles of our modules in the package, each with the modules behind import() that it has (see divide.js). All but the first are compressed to a third, and
 * loaded when they are needed: for a fixture of a test, a part that not every server has, a command besides `serve`.
 */
const PLAN = {
  chopchop: (file) => AT_START.includes(file),
  fixture: (file) => /^server\/(?:fixture|runners)\//.test(file),
  parts: (file) => !file.startsWith('server/cli/'),
  commands: () => true,
};
const [MAIN, ...ON_DEMAND] = Object.keys(PLAN);

/** Text as the entry of a bundle. */
const entry = (...lines) => ({ contents: lines.join('\n'), resolveDir: root, loader: 'js' });

const EVERYTHING = [
  "exports.main = () => import('./server/main.ts');",
  "exports.router = () => import('./server/opensrf-router.ts');",
  // Names are minified, and users see those of classes.
  'function named(library) {',
  '  for (const [name, value] of Object.entries(library)) if (typeof value === "function") Object.defineProperty(value, "name", { value: name });',
  '  return library;',
  '}',
  ...Object.entries(LIBRARY).map(([name, file]) => `exports.${name} = () => named(require('./server/${file}.ts'));`),
  "exports.runners = () => require('./server/runners/runners.ts');",
];

/** esbuild's options for a bundle with our modules in it. */
function optionsOf(buildOfIt) {
  return {
    ...COMMON,
    stdin: entry(...EVERYTHING),
    inject: [join(root, 'scripts/release/own-globals.js')],
    // Separate packages are loaded by require() too, which finds them from any location of this file.
    supported: { 'dynamic-import': false },
    banner: { js: 'const __importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
    define: { 'import.meta.url': '__importMetaUrl', BUILD: JSON.stringify(buildOfIt) },
  };
}

/** The file for the single executable. @returns esbuild's list of its contents. */
export async function bundleForBinary(outfile, buildOfIt) {
  const { metafile } = await build({ ...optionsOf(buildOfIt), outfile, external: BESIDE_BINARY, plugins: [NARROW_TEXT] });
  return metafile;
}

/** The separate packages, in one more file: an executable has no folders. @returns esbuild's list of its contents. */
export async function bundleOnDemand(outfile) {
  const contents = BESIDE_BINARY.map((name) => `exports[${JSON.stringify(name)}] = () => require(${JSON.stringify(name)});`);
  const { metafile } = await build({
    ...COMMON,
    stdin: entry(...contents),
    outfile,
    // ws would look for optional native code.
    define: { 'process.env.WS_NO_BUFFER_UTIL': '"1"', 'process.env.WS_NO_UTF_8_VALIDATE': '"1"' },
  });
  return metafile;
}

/**
 * The files for the npm package, its programs and its library. The packages that only programs need are a file of their own, which no import of the library
 * parses; the programs compile both as one.
 * @param folder A folder below dist/, anywhere.
 * @returns esbuild's lists of their contents.
 */
export async function bundleForPackage(folder, buildOfIt) {
  const plugins = [NARROW_TEXT, LESS_OF_PINO, { name: 'own places', setup: findOwnPlaces }];
  const external = [...BESIDE_PACKAGE, ...Object.keys(FOR_PROGRAMS)];
  const common = { ...optionsOf(buildOfIt), write: false, outdir: folder, external, plugins };
  const division = await divide(common, PLAN);
  const forPrograms = Object.entries(FOR_PROGRAMS).map(([name, value]) => `exports['${name}'] = () => ${value};`);
  const results = await Promise.all([
    ...Object.entries(division).map(([name, { table, plugin }]) =>
      build({ ...common, stdin: entry(...(name === MAIN ? EVERYTHING : []), table), plugins: [plugin, ...plugins] }),
    ),
    build({ ...common, stdin: entry(...forPrograms), external: [] }),
  ]);
  mkdirSync(folder, { recursive: true });
  const hash = createHash('sha256');
  for (const [index, name] of [...Object.keys(division), 'packages'].entries()) {
    const text = wrapInFunctions(results[index].outputFiles[0].text);
    writeFileSync(join(folder, name === MAIN ? `${name}.cjs` : `${name}.br`), name === MAIN ? text : brotliCompressSync(text));
    hash.update(text);
  }
  await writeLaunchers(folder, hash.digest('hex'));
  await writeEntries(folder);
  return results.map(({ metafile }) => metafile);
}

/** The programs. */
async function writeLaunchers(folder, hash) {
  for (const program of ['main', 'opensrf-router']) {
    await bundleLauncher(`server/launch/${program}.ts`, join(folder, `${program}.cjs`), {
      banner: { js: '#!/usr/bin/env node' },
      // An old Node must be able to parse it, to refuse to run the rest.
      target: 'node12',
      define: { BUNDLE_HASH: JSON.stringify(hash), ON_DEMAND: JSON.stringify(ON_DEMAND) },
    });
  }
}

/**
 * Each module is a function that runs when the module is first needed; esbuild makes arrow functions of them. V8 remembers what it has found in other
 * functions, and parses arrow functions again as a whole: a fifth of the time of an import.
 */
function wrapInFunctions(text) {
  return text.replaceAll(/=([\w$]+)\(\(\)=>\{"use strict"/g, '=$1(function(){"use strict"');
}

/** Makes a program: a launcher of the code. */
export function bundleLauncher(source, outfile, options = {}) {
  return build({ ...COMMON, entryPoints: [join(root, source)], outfile, ...options });
}

/**
 * Each entry of the library as CommonJS and as an ES module. All share chopchop.cjs, which runs as much of it as each needs: a process that loads both
 * has one copy. An ES module imports a small CommonJS file that does not re-export the large one: Node would spend 90 ms on looking for names in there.
 */
async function writeEntries(folder) {
  const write = (name, text) => writeFileSync(join(folder, name), text);
  for (const [name, compiled] of Object.entries(LIBRARY)) {
    const names = Object.keys(await import(`../../dist/server/${compiled}.js`)).sort();
    write(`${compiled}.cjs`, `'use strict';\nconst bundle = require('./chopchop.cjs');\nmodule.exports = bundle.${name}();\n`);
    write(`${compiled}.mjs`, `import library from './${compiled}.cjs';\nexport const { ${names.join(', ')} } = library;\n`);
  }
  await bundleLauncher('server/launch/unpack.ts', join(folder, 'unpack.cjs'));
  for (const name of ON_DEMAND) write(`${name}.cjs`, `require('./unpack.cjs').run(exports, require, module, __filename, __dirname);\n`);
  write('runners.cjs', `'use strict';\nconst bundle = require('./chopchop.cjs');\nmodule.exports = bundle.runners();\n`);
  for (const [name, { module, make }] of Object.entries(RUNNERS)) {
    write(`${name}.cjs`, `'use strict';\nexports.useChopChop = require('./runners.cjs').${make}(require('${module}'));\n`);
    write(`${name}.mjs`, `import * as runner from '${module}';\nimport runners from './runners.cjs';\nexport const useChopChop = runners.${make}(runner);\n`);
  }
}

/** Our files find others beside them in dist/, wherever they are bundled. */
function findOwnPlaces(bundler) {
  bundler.onLoad({ filter: /\/(?:server|router|shared)\/.*\.ts$/ }, ({ path }) => {
    const place = join('..', relative(root, path).replace(/\.ts$/, '.js'));
    const contents = readFileSync(path, 'utf8').replaceAll('import.meta.url', `new URL(${JSON.stringify(place)}, import.meta.url)`);
    return { contents, loader: 'ts' };
  });
}
