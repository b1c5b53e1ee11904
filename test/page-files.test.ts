import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { get, type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Program } from './support/background-command.ts';
import { temporaryFolder } from './support/command.ts';
import { startControlledServer } from './support/control.ts';
import { installedPackage } from './support/staged-package.ts';

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A call whose answer stays as it was sent. */
function fetchRaw(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = get(url, { headers, agent: false }, async (response) => {
      resolve({ headers: response.headers, body: Buffer.concat(await response.toArray()) });
    });
    call.on('error', reject);
  });
}

/** The page's address, from a program of the published package. */
async function servedByPackage(t: TestContext): Promise<string> {
  const folder = await installedPackage(t);
  const file = join(temporaryFolder(t), 'control.json');
  const main = join(folder, 'node_modules/opensrf-chopchop/dist/bin/main.cjs');
  const program = new Program(t, process.execPath, [main, '--port', '0', '--console', '0', '--control-file', file]);
  await program.printed('"msg":"listening"');
  return (JSON.parse(readFileSync(file, 'utf8')) as { url: string }).url;
}

for (const [what, serve] of [
  ['a checkout', async (t: TestContext) => (await startControlledServer(t)).url],
  ['the published package', servedByPackage],
] as const) {
  test(`${what} serves the page compressed to clients that accept gzip, and plain to others`, async (t) => {
    const url = await serve(t);
    for (const [path, part] of [
      ['/', '<title>opensrf-chopchop</title>'],
      ['/console/main.js', 'hashchange'],
      ['/console/icon.svg', '<svg'],
    ] as const) {
      const plain = await fetchRaw(url + path);
      assert.ok(plain.body.includes(part), path);
      assert.deepEqual([plain.headers['content-encoding'], plain.headers.vary], [undefined, 'Accept-Encoding']);
      const packed = await fetchRaw(url + path, { 'Accept-Encoding': 'br, GZIP;q=0.5' });
      assert.deepEqual([packed.headers['content-encoding'], Number(packed.headers['content-length'])], ['gzip', packed.body.length]);
      assert.deepEqual(gunzipSync(packed.body), plain.body);
      const refused = await fetchRaw(url + path, { 'Accept-Encoding': 'gzip;q=0.0, identity' });
      assert.equal(refused.headers['content-encoding'], undefined);
    }
    // The digest is of the decompressed page's script.
    const { headers, body } = await fetchRaw(`${url}/`);
    assert.match(String(headers['content-security-policy']), /script-src-elem 'self' 'sha256-/);
    assert.ok(body.includes('<script>'));
  });
}
