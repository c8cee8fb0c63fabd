// What tests on WebGPU run on where there is no GPU, both behind the Vulkan loader: SwiftShader, which comes with Debian's
// Chromium, and for f16 lavapipe, which is Mesa's. Installed where that may be done (root on Debian); else it is said what
// is not tested. Never fails.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache, say, withLock } from './setup.mjs';

const librariesCalled = (name) => ['x86_64', 'aarch64'].map((machine) => `/usr/lib/${machine}-linux-gnu/${name}`);

/** By package, the files one of which it brings, and what is not tested without it. */
const DEBIAN_PACKAGES = {
  libvulkan1: { files: librariesCalled('libvulkan.so.1'), tests: 'WebGPU' },
  chromium: { files: ['/usr/lib/chromium/vk_swiftshader_icd.json'], tests: 'WebGPU, and what needs a browser' },
  'mesa-vulkan-drivers': { files: librariesCalled('libvulkan_lvp.so'), tests: 'f16 on WebGPU' },
};

/** Mesa of Debian 12 is too old for Dawn. That of its backports is put here, beside the system's. */
const backports = { release: 'bookworm', folder: join(cache, 'lavapipe'), package: 'mesa-vulkan-drivers' };

const ENOUGH_MS = 300_000;

export function ensureDrivers() {
  if (process.platform !== 'linux' || isComplete()) return;
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version'))
    withLock('drivers', () => {
      const packages = missing();
      if (packages.length > 0) {
        say(`installing ${packages.join(' and ')}, on which WebGPU is tested`);
        if (!install(packages) && aptGet(['update'])) install(packages);
      }
      if (needsBackport()) unpackBackport();
    });
  for (const name of missing()) say(`not tested: ${DEBIAN_PACKAGES[name].tests} (no ${name}, a package of Debian)`);
  if (needsBackport()) say(`not tested: f16 on WebGPU (no ${backports.package} of ${backports.release}-backports)`);
}

const isComplete = () => missing().length === 0 && !needsBackport();

const missing = () => Object.keys(DEBIAN_PACKAGES).filter((name) => !DEBIAN_PACKAGES[name].files.some(existsSync));

const needsBackport = () => releaseOf('/etc/os-release') === backports.release && !existsSync(backports.folder);

const releaseOf = (file) => (existsSync(file) ? /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync(file, 'utf8'))?.[1] : '');

const install = (packages) => aptGet(['install', '--yes', '--no-install-recommends', ...packages]);

/** From the mirror of Debian that apt uses, by lists of its own: what the system installs stays as it is. */
function unpackBackport() {
  const { release, folder, package: name } = backports;
  const origin = ['Origin: Debian', `Codename: ${release}`, 'Component: main', 'Created-By: Packages'];
  const [mirror] = outputOf('apt-get', ['indextargets', '--format', '$(REPO_URI)', ...origin]).split('\n');
  if (!mirror) return;
  say(`fetching ${name} of ${release}-backports, on which f16 on WebGPU is tested`);
  const work = `${folder}.${process.pid}`;
  const [list, lists] = [join(work, 'sources.list'), join(work, 'lists')];
  mkdirSync(join(lists, 'partial'), { recursive: true });
  mkdirSync(join(work, 'cache', 'archives', 'partial'), { recursive: true });
  const keys = '/usr/share/keyrings/debian-archive-keyring.gpg';
  writeFileSync(list, `deb [signed-by=${keys}] ${mirror} ${release}-backports main\n`);
  const settings = {
    'Dir::Etc::SourceList': list,
    'Dir::Etc::SourceParts': '-',
    'Dir::State::Lists': lists,
    'Dir::Cache': join(work, 'cache'),
    'APT::Sandbox::User': 'root',
  };
  const own = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  try {
    if (!aptGet([...own, 'update']) || !aptGet([...own, 'download', name], work)) return;
    const archive = readdirSync(work).find((file) => file.endsWith('.deb'));
    if (!archive || spawnSync('dpkg', ['-x', archive, 'unpacked'], { cwd: work }).status !== 0) return;
    keepLavapipe(work, join(work, 'unpacked', 'usr', 'lib'));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The library, and what tells the Vulkan loader of it. */
function keepLavapipe(work, libraries) {
  const [machine] = readdirSync(libraries).filter((name) => name.endsWith('-linux-gnu'));
  const [kept, library] = [join(work, 'kept'), 'libvulkan_lvp.so'];
  mkdirSync(kept);
  renameSync(join(libraries, machine, library), join(kept, library));
  const driver = { file_format_version: '1.0.0', ICD: { library_path: `./${library}`, api_version: '1.3.0' } };
  writeFileSync(join(kept, 'lvp_icd.json'), JSON.stringify(driver));
  renameSync(kept, backports.folder);
}

const outputOf = (command, args) => spawnSync(command, args, { encoding: 'utf8' }).stdout ?? '';

/** Waits for other users of the package database; without a network it gives up soon. */
function aptGet(args, cwd) {
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
    cwd,
    stdio: ['ignore', 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: ENOUGH_MS,
  });
  return status === 0;
}
