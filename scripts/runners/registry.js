// A registry with one package of its own, for `npm install --registry`; for all others it redirects to the registry of npm's configuration.
//
//   node scripts/runners/registry.js PACKAGE.tgz
//
// Prints its address, and runs until a signal.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const tarball = process.argv[2];
const content = readFileSync(tarball);
const manifest = JSON.parse(spawnSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' }).stdout);
const { name, version } = manifest;
const upstream = spawnSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).stdout.trim().replace(/\/$/, '');
const integrity = `sha512-${createHash('sha512').update(content).digest('base64')}`;

function answer({ url, headers }, response) {
  const file = `/${name}/-/${name}-${version}.tgz`;
  if (url === file) return response.end(content);
  if (url !== `/${name}`) return response.writeHead(302, { location: upstream + url }).end();
  const dist = { tarball: `http://${headers.host}${file}`, integrity };
  const page = { name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } };
  return response.setHeader('content-type', 'application/json').end(JSON.stringify(page));
}

const server = createServer(answer);
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
