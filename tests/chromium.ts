import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Where there is none, tests that need it are shown as skipped, and benchmarks of it say so. */
export const hasChromium: boolean = existsSync(executablePath);

export const launchChromium = (): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      // Where there is no GPU, its driver in software.
      '--enable-unsafe-webgpu',
    ],
  });
