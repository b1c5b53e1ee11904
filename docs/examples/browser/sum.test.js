import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { startChopChop } from 'opensrf-chopchop';
import { chromium } from 'playwright-core';

const PAGE = pathToFileURL('docs/examples/browser/sum.html').href;

test('the page shows the sum, and the reason where there is none', async (t) => {
  // The page comes from a file, which has no origin of its own.
  const jabber = await startChopChop({ web: { ports: [0], origins: ['*'] }, stubs: 'docs/examples/stubs' });
  t.after(() => jabber.stop());
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  t.after(() => browser.close());
  const page = await browser.newPage();
  const url = `${PAGE}?gateway=${jabber.webUrl.replace('http', 'ws')}`;

  await page.goto(url);
  await page.getByText('4', { exact: true }).waitFor();
  jabber.verify({ service: 'opensrf.math', method: 'add', params: [2, 2] }, 1);

  jabber.fault({ service: 'opensrf.math', status: 503, text: 'closed today', times: 1 });
  await page.goto(url);
  await page.getByText('closed today').waitFor();
});
