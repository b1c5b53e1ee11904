// Our programs and what they need of other packages, in a few files: Node takes longer to find 250 small ones than to run what is in them.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import { root } from './root.js';

/**
 * yargs measures its help with it, and it asks for the rules of all languages as soon as it is loaded, which takes longer than all of our own files.
 * Here it asks when it measures.
 */
const LATE_SEGMENTER = {
  name: 'late segmenter',
  setup(bundler) {
    bundler.onLoad({ filter: /\/string-width\/index\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const contents = text.replace('= new Intl.Segmenter();', '= { segment: (text) => new Intl.Segmenter().segment(text) };');
      if (contents === text) throw new Error(`${path} is not what it was`);
      return { contents, loader: 'js' };
    });
  },
};

const COMMON = { bundle: true, platform: 'node', target: 'node20.19', minify: true, keepNames: true, legalComments: 'none', metafile: true, logLevel: 'error' };

/** What a command loads only if it is asked for something special; the package has them beside it. */
const SELDOM = ['pino-pretty', 'prom-client', 'selfsigned', 'ws', 'yaml'];

/** One file for the single executable. @returns esbuild's account of what is in it. */
export async function bundleForBinary(outfile, define) {
  const { metafile } = await build({
    ...COMMON,
    absWorkingDir: root,
    entryPoints: [join(root, 'server/binary.ts')],
    outfile,
    format: 'cjs',
    plugins: [LATE_SEGMENTER],
    banner: { js: 'const __importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
    // ws would look for native code beside it, which an executable does not have.
    define: { 'import.meta.url': '__importMetaUrl', 'process.env.WS_NO_BUFFER_UTIL': '"1"', 'process.env.WS_NO_UTF_8_VALIDATE': '"1"', ...define },
  });
  return metafile;
}

/** The programs and the library for the npm package, with what they share in files between them. @param folder One below dist/. */
export async function bundleForPackage(folder) {
  await build({
    ...COMMON,
    absWorkingDir: root,
    entryPoints: ['main', 'opensrf-router', 'index'].map((name) => join(root, `server/${name}.ts`)),
    outdir: folder,
    format: 'esm',
    splitting: true,
    external: SELDOM,
    // What of other packages is in CommonJS asks for Node's own modules by it.
    banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
    plugins: [LATE_SEGMENTER, { name: 'own places', setup: (bundler) => findOwnPlaces(bundler, folder) }],
  });
}

/** Our files find others beside them in dist/, wherever they are bundled. */
function findOwnPlaces(bundler, folder) {
  bundler.onLoad({ filter: /\/(?:server|router|shared)\/.*\.ts$/ }, ({ path }) => {
    const place = relative(folder, join(root, 'dist', relative(root, path).replace(/\.ts$/, '.js')));
    const contents = readFileSync(path, 'utf8').replaceAll('import.meta.url', `new URL(${JSON.stringify(place)}, import.meta.url)`);
    return { contents, loader: 'ts' };
  });
}
