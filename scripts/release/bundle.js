// All our programs, the library and the code they need of other packages in a file or two: Node takes longer to find 250 small files than to run them.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
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
export const BESIDE_PACKAGE = ['prom-client', 'proxy-addr', 'selfsigned', 'ws', 'yaml'];

/** What every program needs and the library does not, as `import` and `require()` of our sources expect it. */
const FOR_PROGRAMS = { yargs: "require('yargs').default", pino: "require('pino')", 'pino-pretty': "require('pino-pretty')" };

/** Likewise for the executable, which has them in a file of their own. */
const ON_DEMAND = [...BESIDE_PACKAGE, 'pino-pretty'];

/** The entries of the library: the name in the bundle, and that of its file. */
const LIBRARY = { library: 'index', client: 'client' };

/** The helpers of test runners: the module that each takes the runner's hooks from, and the function that makes it. */
export const RUNNERS = {
  jest: { module: '@jest/globals', make: 'forJest' },
  'node-test': { module: 'node:test', make: 'forNodeTest' },
  vitest: { module: 'vitest', make: 'forVitest' },
};

const EVERYTHING = {
  contents: [
    "exports.main = () => import('./server/main.ts');",
    "exports.router = () => import('./server/opensrf-router.ts');",
    // Names are minified, and users see those of classes.
    'function named(library) {',
    '  for (const [name, value] of Object.entries(library)) if (typeof value === "function") Object.defineProperty(value, "name", { value: name });',
    '  return library;',
    '}',
    ...Object.entries(LIBRARY).map(([name, file]) => `exports.${name} = () => named(require('./server/${file}.ts'));`),
    "exports.runners = () => require('./server/runners/runners.ts');",
  ].join('\n'),
  resolveDir: root,
  loader: 'js',
};

function bundleEverything(outfile, buildOfIt, options) {
  return build({
    ...COMMON,
    stdin: EVERYTHING,
    outfile,
    inject: [join(root, 'scripts/release/own-globals.js')],
    // Separate packages are loaded by require() too, which finds them from any location of this file.
    supported: { 'dynamic-import': false },
    banner: { js: 'const __importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
    ...options,
    define: { 'import.meta.url': '__importMetaUrl', BUILD: JSON.stringify(buildOfIt), ...options.define },
  });
}

/** The file for the single executable. @returns esbuild's list of its contents. */
export async function bundleForBinary(outfile, buildOfIt) {
  const { metafile } = await bundleEverything(outfile, buildOfIt, { external: ON_DEMAND, plugins: [NARROW_TEXT] });
  return metafile;
}

/** The separate packages, in one more file: an executable has no folders. @returns esbuild's list of its contents. */
export async function bundleOnDemand(outfile) {
  const contents = ON_DEMAND.map((name) => `exports[${JSON.stringify(name)}] = () => require(${JSON.stringify(name)});`).join('\n');
  const { metafile } = await build({
    ...COMMON,
    stdin: { contents, resolveDir: root, loader: 'js' },
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
  const [main, packages] = ['chopchop.cjs', 'packages.cjs'].map((name) => join(folder, name));
  const plugins = [NARROW_TEXT, LESS_OF_PINO, { name: 'own places', setup: findOwnPlaces }];
  const external = [...BESIDE_PACKAGE, ...Object.keys(FOR_PROGRAMS)];
  const contents = Object.entries(FOR_PROGRAMS).map(([name, value]) => `exports['${name}'] = () => ${value};`);
  const stdin = { contents: contents.join('\n'), resolveDir: root, loader: 'js' };
  const results = [await bundleEverything(main, buildOfIt, { external, plugins }), await bundleEverything(packages, buildOfIt, { stdin, plugins })];
  writeFileSync(main, wrapInFunctions(readFileSync(main, 'utf8')));
  const hash = createHash('sha256').update(readFileSync(main)).update(readFileSync(packages)).digest('hex');
  for (const program of ['main', 'opensrf-router']) {
    await bundleLauncher(`server/launch/${program}.ts`, join(folder, `${program}.cjs`), {
      banner: { js: '#!/usr/bin/env node' },
      // An old Node must be able to parse it, to refuse to run the rest.
      target: 'node12',
      define: { BUNDLE_HASH: JSON.stringify(hash) },
    });
  }
  await writeEntries(folder);
  return results.map(({ metafile }) => metafile);
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
