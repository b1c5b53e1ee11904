// Divides our modules between bundles. Each module is in one of them, so that there is one copy of each class. A bundle exports the modules that others need;
// these require it when they need one. An import leads to the same bundle or an earlier one, import() to any.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import { root } from './root.js';

/** esbuild's name of the text that a bundle begins with. */
const ENTRY = '<stdin>';

/** The imports of a module. `later`: it runs without, and asks for it when it needs it. */
function importsOf(inputs, file) {
  const own = inputs[file].imports.filter(({ external }) => !external);
  return own.map(({ path, kind }) => ({ from: file, path, later: kind === 'dynamic-import' || file === ENTRY }));
}

/** Finds the bundle of each module: the first one whose entries need it. @param globals Modules that all bundles need. */
function placesOf(inputs, globals, plan) {
  const later = Object.keys(inputs).flatMap((file) => importsOf(inputs, file).flatMap((one) => (one.later ? [one.path] : [])));
  const places = new Map();
  place(inputs, [ENTRY, ...globals], Object.keys(plan)[0], places);
  for (const [bundle, claims] of Object.entries(plan)) place(inputs, later.filter(claims), bundle, places);
  return places;
}

/** Gives modules and those that they need a place, unless they have one. */
function place(inputs, files, bundle, places) {
  for (const file of files) {
    if (places.has(file)) continue;
    places.set(file, bundle);
    const needed = importsOf(inputs, file).flatMap((one) => (one.later ? [] : [one.path]));
    place(inputs, needed, bundle, places);
  }
}

/** Finds the names that ES modules export. @throws Error for a variable: a module of another bundle would keep its first value. */
async function namesOf(files) {
  const variable = files.find((file) => /^export (?:let|var) /m.test(readFileSync(join(root, file), 'utf8')));
  if (variable !== undefined) throw new Error(`${variable}: exports a variable, which is not possible between bundles`);
  const options = { absWorkingDir: root, outdir: '.', outbase: '.', format: 'esm', write: false, metafile: true };
  const { metafile } = await build({ ...options, entryPoints: files });
  return new Map(Object.values(metafile.outputs).map(({ entryPoint, exports }) => [entryPoint, exports]));
}

/** An esbuild plugin for a bundle. @param bundles The names of all. @param replaced The text that replaces a module; undefined: none. */
function others(bundles, replaced) {
  return {
    name: 'modules of other bundles',
    setup(bundler) {
      bundler.onResolve({ filter: /^\.\/\w+\.cjs$/ }, ({ path }) =>
        bundles.some((bundle) => path === `./${bundle}.cjs`) ? { path, external: true } : undefined,
      );
      bundler.onLoad({ filter: /./ }, ({ path }) => {
        const contents = replaced(relative(root, path));
        return contents === undefined ? undefined : { contents, loader: 'js' };
      });
    },
  };
}

/**
 * @param options esbuild's, of a bundle with everything.
 * @param plan The names of the bundles, each with the modules behind import() that it claims. A module is in the first bundle that needs it.
 * @returns For each name a line that exports the bundle's modules for others, and the plugin that takes modules of others.
 */
export async function divide(options, plan) {
  const { metafile } = await build({ ...options, write: false });
  const { inputs } = metafile;
  const globals = options.inject.map((file) => relative(root, file));
  const places = placesOf(inputs, globals, plan);
  const imports = Object.keys(inputs).flatMap((file) => importsOf(inputs, file));
  const crossing = imports.flatMap(({ from, path }) => (places.get(from) === places.get(path) ? [] : [path]));
  const shared = [...new Set([...globals, ...crossing])].sort();
  const names = await namesOf(shared.filter((file) => inputs[file].format === 'esm'));
  const sharedOf = (bundle) => shared.filter((file) => places.get(file) === bundle);
  const required = (file) => `require('./${places.get(file)}.cjs').modules[${sharedOf(places.get(file)).indexOf(file)}]();`;
  const taken = (file) => `${names.has(file) ? `export const { ${names.get(file).join(', ')} } =` : 'module.exports ='} ${required(file)}`;
  const partOf = (bundle) => ({
    table: `exports.modules = [${sharedOf(bundle).map((file) => `() => require(${JSON.stringify(`./${file}`)})`)}];`,
    plugin: others(Object.keys(plan), (file) => ((places.get(file) ?? bundle) === bundle ? undefined : taken(file))),
  });
  return Object.fromEntries(Object.keys(plan).map((bundle) => [bundle, partOf(bundle)]));
}
