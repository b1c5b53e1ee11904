#!/usr/bin/env node
// Takes the pictures of the console in docs/images/, from a server with an example site on it. Needs chromium and a build; with pngquant they
// are a third as large.
//
//   npm run build && node scripts/screenshots.js [FOLDER]
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChopChop } from '../dist/server/compose/chopchop.js';
import { createConfig } from '../dist/server/config/config.js';
import { startControl } from '../dist/server/control/control.js';
import { Browser } from '../dist/test/support/browser.js';
import { ExampleSite } from '../dist/test/support/example-site.js';

const folder = process.argv[2] ?? fileURLToPath(new URL('../docs/images', import.meta.url));
const TOKEN = 'token-of-the-screenshots';
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const server = new ChopChop(createConfig({ domains: ['private.localhost', 'public.localhost'], port: 0, logProtect: ['open-ils.auth'] }), SILENT);
const [address] = await server.start();
const control = await startControl(server, { port: 0, anyPort: false, socket: null }, TOKEN, SILENT);
const site = await ExampleSite.start(address, { cstoreWorkers: 60 });
const browser = await Browser.start();
mkdirSync(folder, { recursive: true });

let rounds = 0;
let going = true;
const traffic = (async () => {
  while (going) {
    await site.round(++rounds);
    await wait(60 + 50 * Math.sin(rounds / 9));
  }
})();
await wait(Number(process.env.WARM ?? 20_000));

/** The request with nested ones in the pictures. */
async function nestedRequest() {
  const query = '?method=open-ils.actor.user.fleshed.retrieve&status=complete&limit=1';
  const response = await fetch(`${control.url}/api/v1/requests${query}`, { headers: { Authorization: `Bearer ${TOKEN}` } });
  return (await response.json()).requests[0].id;
}

const VIEWS = {
  connections: async (page) => {
    await page.waitForSelector('.group .session');
    await page.waitForSelector('.pulse');
    await wait(2_500);
  },
  request: async (page) => {
    await page.goto(`${control.url}/#/request/${await nestedRequest()}`);
    await page.waitForSelector('.waterfall .span');
  },
  traffic: async (page) => {
    await page.waitForSelector('.has-reason');
    // The list stays under the mouse.
    await page.hover('.list .has-reason');
  },
  health: async (page) => {
    await page.waitForSelector('.plot .series[d]');
    await wait(500);
  },
  try: async (page) => {
    await page.fill('#try-service', 'open-ils.actor');
    await page.dispatchEvent('#try-service', 'change');
    await page.fill('#try-method', 'open-ils.actor.user.fleshed.retrieve');
    await page.fill('#try-params', '3');
    await page.click('button.primary');
    await page.waitForSelector('.payload');
  },
};

async function shoot(suffix, view) {
  const page = await browser.page(view);
  page.on('pageerror', (error) => console.error(`page error: ${error.message}`));
  page.on('console', (message) => message.type() === 'error' && console.error(`console: ${message.text()}`));
  await page.goto(`${control.url}/#token=${TOKEN}`);
  for (const [name, prepare] of Object.entries(VIEWS)) {
    await page.goto(`${control.url}/#/${name}`);
    await prepare(page);
    const path = join(folder, `console-${name}-${suffix}.png`);
    await page.screenshot({ path });
    spawnSync('pngquant', ['--force', '--strip', '--output', path, '96', path]);
  }
  await page.close();
}

try {
  await shoot('light', { width: 1280, height: 880 });
  await shoot('dark', { width: 1280, height: 880, dark: true });
  if (process.argv[2] !== undefined) await shoot('phone', { width: 390, height: 844 });
} finally {
  going = false;
  await traffic;
  await browser.close();
  await site.stop();
  await control.stop();
  await server.stop();
}
