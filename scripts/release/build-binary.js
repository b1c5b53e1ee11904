// Builds release/opensrf-chopchop: one executable with every command in it, and Node itself (a "single executable application").
// The same sources, lock file and Node give the same bytes. Linux only: elsewhere the executable would have to be signed.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inject } from 'postject';
import { bundleForBinary, bundleLauncher, bundleOnDemand } from './bundle.js';
import { commit, root, version } from './root.js';

// From nodejs.org's documentation of single executable applications: the marker that postject looks for in the program.
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

function run(program, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', cwd: root, ...options });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout.trim();
}

/** The console's files, by the names that server/console/assets.ts asks for. */
function consoleAssets() {
  const folder = join(root, 'server/console/page');
  const entries = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
  const names = entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  return Object.fromEntries(names.sort().map((name) => [`console/${name}`, join(folder, name)]));
}

/** @param output Path of the executable. @param ofVersion Another version, for tests. @returns esbuild's lists of its contents. */
export async function buildBinary(output, ofVersion = version) {
  const folder = mkdtempSync(join(tmpdir(), 'chopchop-binary-'));
  try {
    const [launcher, bundle, onDemand, compiler, compiled] = ['launcher.cjs', 'chopchop.cjs', 'on-demand.cjs', 'compiler.cjs', 'compiled'].map((name) =>
      join(folder, name),
    );
    const BUILD = { version: ofVersion, commit: commit(), build: `Node ${process.versions.node} ${process.platform}-${process.arch}` };
    const metafiles = [await bundleForBinary(bundle, BUILD), await bundleOnDemand(onDemand)];
    await bundleLauncher('server/launch/binary.ts', launcher);
    await bundleLauncher('scripts/release/compile.js', compiler);
    run(process.execPath, ['--predictable', compiler, bundle, compiled, join(folder, 'ready.json')]);
    run(process.execPath, [compiler, bundle, compiled]);
    const assets = { ...consoleAssets(), 'chopchop.cjs': bundle, 'on-demand.cjs': onDemand, compiled };
    // Node writes the name of the program into the executable: without the folder, which has another name each time.
    const config = { main: basename(launcher), output: 'sea.blob', disableExperimentalSEAWarning: true, assets };
    writeFileSync(join(folder, 'sea.json'), JSON.stringify(config));
    run(process.execPath, ['--experimental-sea-config', 'sea.json'], { cwd: folder });
    copyFileSync(process.execPath, output);
    chmodSync(output, 0o755);
    await inject(output, 'NODE_SEA_BLOB', readFileSync(join(folder, 'sea.blob')), { sentinelFuse: FUSE });
    return metafiles;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const output = join(root, 'release/opensrf-chopchop');
  mkdirSync(dirname(output), { recursive: true });
  await buildBinary(output);
  console.log(`${output}: ${run(output, ['--version'])}`);
}
