// What tests on WebGPU run on where there is no GPU: SwiftShader, which comes with Debian's Chromium, behind the Vulkan
// loader. Installed where that may be done (root on Debian); else it is said what is skipped. Never fails.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { say, withLock } from './setup.mjs';

/** By package, the files one of which it brings. */
const DEBIAN_PACKAGES = {
  libvulkan1: ['/usr/lib/x86_64-linux-gnu/libvulkan.so.1', '/usr/lib/aarch64-linux-gnu/libvulkan.so.1'],
  chromium: ['/usr/lib/chromium/vk_swiftshader_icd.json'],
};

const ENOUGH_MS = 300_000;

export function ensureDrivers() {
  if (process.platform !== 'linux' || missing().length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return skipped();
  withLock('drivers', () => {
    const packages = missing();
    if (packages.length === 0) return;
    say(`installing ${packages.join(' and ')}, on which WebGPU is tested`);
    if (!install(packages) && aptGet(['update'])) install(packages);
  });
  if (missing().length > 0) skipped();
}

const missing = () => Object.keys(DEBIAN_PACKAGES).filter((name) => !DEBIAN_PACKAGES[name].some(existsSync));

const skipped = () =>
  say(`WebGPU is not tested, and nothing is in a browser: no ${missing().join(', no ')} (packages of Debian)`);

const install = (packages) => aptGet(['install', '--yes', '--no-install-recommends', ...packages]);

/** Waits for other users of the package database; without a network it gives up soon. */
function aptGet(args) {
  const options = [
    '-qq',
    '-o',
    'DPkg::Lock::Timeout=120',
    '-o',
    'Acquire::Retries=0',
    '-o',
    'Acquire::http::Timeout=15',
  ];
  const { status } = spawnSync('apt-get', [...options, ...args], {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: ENOUGH_MS,
  });
  return status === 0;
}
