import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
// Ends the browser with the test process, even if that is killed.
import { HANG_MS } from './processes.ts';

/** Debian's browser. Without it, tests skip and say so. */
export const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

export const hasChromium = existsSync(CHROMIUM);

/** How to view a page. */
export interface View {
  readonly width: number;
  readonly height: number;
  readonly dark?: boolean;
}

/** A browser with a temporary profile, removed at its close. */
export class Browser {
  private readonly context: BrowserContext;
  private readonly folder: string;

  private constructor(context: BrowserContext, folder: string) {
    this.context = context;
    this.folder = folder;
  }

  static async start(): Promise<Browser> {
    const folder = mkdtempSync(join(tmpdir(), 'chopchop-browser-'));
    const args = [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ];
    const context = await chromium.launchPersistentContext(folder, {
      executablePath: CHROMIUM,
      headless: true,
      timeout: HANG_MS,
      args,
      acceptDownloads: true,
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    return new Browser(context, folder);
  }

  async page({ width, height, dark = false }: View = { width: 1280, height: 800 }): Promise<Page> {
    const page = await this.context.newPage();
    page.setDefaultTimeout(HANG_MS);
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
    return page;
  }

  async close(): Promise<void> {
    await this.context.close();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
