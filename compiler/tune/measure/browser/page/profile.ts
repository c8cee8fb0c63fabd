import { supports } from '../../../../../runtime/features.ts';
import type { DeviceProfile } from '../../../device.ts';

/** What a browser says of itself and of what it runs on. */
export interface Facts {
  readonly userAgent: string;
  /** What browsers tell beside that, those that tell it. */
  readonly hints?: Hints | undefined;
  readonly cores: number;
  /** Whether 0/0 has its sign set, as x86 has it and ARM does not. */
  readonly isNaNNegative: boolean;
  /** Beyond `simd128`. */
  readonly features: readonly string[];
}

export interface Hints {
  readonly platform?: string;
  readonly model?: string;
  readonly bitness?: string;
}

/**
 * The device as records tell of it, with the classes of `nodeProfile`: the same architecture and the same features are the
 * same class in Node and in browsers.
 */
export function profileOf(facts: Facts): DeviceProfile {
  const features = ['simd128', ...facts.features];
  const architecture = architectureOf(facts);
  return {
    device: {
      class: [architecture, ...features].join('-'),
      fingerprint: `${platformOf(facts)}, ${facts.cores} cores, ${architecture}`,
    },
    engine: engineOf(facts.userAgent),
    features,
  };
}

/** What code runs on: browsers say too little of it, and on some systems what is not so. */
function architectureOf({ userAgent, hints, isNaNNegative }: Facts): string {
  const isNarrow = hints?.bitness === '32' || /\bi[3-6]86\b|\barmv[5-8]l?\b/.test(userAgent);
  if (isNaNNegative) return isNarrow ? 'ia32' : 'x64';
  return isNarrow ? 'arm' : 'arm64';
}

function platformOf({ userAgent, hints }: Facts): string {
  const told = [hints?.platform, hints?.model].filter(Boolean).join(' ');
  const [, inBrackets = 'unknown device'] = /\(([^)]*)\)/.exec(userAgent) ?? [];
  return told === '' ? inBrackets.replace(/; rv:.*$/, '') : told;
}

/** What runs WebAssembly, what compiles shaders, and what the version of both follows from. */
interface Browser {
  readonly engine: string;
  readonly shaders: string;
  readonly version: RegExp;
}

/** Other browsers name these too, of which they are made. */
const browsers: readonly Browser[] = [
  { engine: 'v8', shaders: 'dawn', version: /Chrom(?:e|ium)\/(\d+)/ },
  { engine: 'spidermonkey', shaders: 'wgpu', version: /Firefox\/(\d+\.\d+)/ },
  // On iOS, all browsers are of WebKit, whose version is that of the system.
  { engine: 'javascriptcore', shaders: 'webkit', version: /Version\/(\d+\.\d+)/ },
  { engine: 'javascriptcore', shaders: 'webkit', version: /OS (\d+_\d+) like Mac/ },
];

function browserOf(userAgent: string): Omit<Browser, 'version'> & { readonly version: string } {
  for (const browser of browsers) {
    const [, version] = browser.version.exec(userAgent) ?? [];
    if (version !== undefined) return { ...browser, version: version.replace('_', '.') };
  }
  return { engine: 'unknown', shaders: 'unknown', version: 'unknown' };
}

function engineOf(userAgent: string): DeviceProfile['engine'] {
  const { engine, version } = browserOf(userAgent);
  return { name: engine, version: engine === 'v8' ? versionOfV8(version) : version };
}

/** The engine that records of shaders name: Chromium's Dawn is of its milestone. */
export function shadersOf(userAgent: string): DeviceProfile['engine'] {
  const { shaders, version } = browserOf(userAgent);
  return { name: shaders, version };
}

/** A milestone of Chromium is a version of V8, a tenth of it: 141 has V8 14.1. */
const versionOfV8 = (milestone: string): string => `${milestone.slice(0, -1)}.${milestone.slice(-1)}`;

/** `(func (result v128) (v128.const i32x4 0 0 0 0))`: the smallest module with a vector. */
const vector = [
  0,
  97,
  115,
  109,
  1,
  0,
  0,
  0,
  1,
  5,
  1,
  96,
  0,
  1,
  123,
  3,
  2,
  1,
  0,
  10,
  22,
  1,
  20,
  0,
  253,
  12,
  ...Array(16).fill(0),
  11,
];

/** This browser's. Throws an Error where it has no vectors, which all kernels need. */
export async function thisProfile(): Promise<DeviceProfile> {
  if (!WebAssembly.validate(Uint8Array.from(vector))) throw new Error('This browser has no WebAssembly SIMD.');
  const { userAgent, hardwareConcurrency, userAgentData } = navigator as Navigator & UserAgentData;
  return profileOf({
    userAgent,
    hints: await userAgentData?.getHighEntropyValues(['model', 'bitness']),
    cores: hardwareConcurrency,
    isNaNNegative: isNaNNegative(),
    features: supports('relaxed-simd') ? ['relaxed-simd'] : [],
  });
}

interface UserAgentData {
  readonly userAgentData?: { readonly getHighEntropyValues: (names: readonly string[]) => Promise<Hints> };
}

function isNaNNegative(): boolean {
  const value = new Float32Array([Number.POSITIVE_INFINITY]);
  // Computed here and now, by the processor.
  value[0] = (value[0] as number) - (value[0] as number);
  return (new Uint8Array(value.buffer)[3] as number) >= 128;
}
