import { describe, expect, test } from 'vitest';
import { nodeProfile } from '../../../../compiler/tune/device.ts';
import { type Facts, profileOf, shadersOf } from '../../../../compiler/tune/measure/browser/page/profile.ts';

const facts = (userAgent: string, more: Partial<Facts> = {}): Facts => ({
  userAgent: `Mozilla/5.0 ${userAgent}`,
  cores: 8,
  isNaNNegative: false,
  features: [],
  ...more,
});

const engineOf = (userAgent: string) => profileOf(facts(userAgent)).engine;

describe('what a browser says of its device', () => {
  test('the engine, of browsers that name others too', () => {
    const webKit = 'AppleWebKit/605.1.15 (KHTML, like Gecko)';
    const chrome = '(X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';
    expect(engineOf(chrome)).toEqual({ name: 'v8', version: '14.1' });
    expect(engineOf(`${chrome} Edg/141.0.0.0`)).toEqual({ name: 'v8', version: '14.1' });
    expect(engineOf('(X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0')).toEqual({
      name: 'spidermonkey',
      version: '144.0',
    });
    expect(engineOf(`(Macintosh; Intel Mac OS X 10_15_7) ${webKit} Version/18.5 Safari/605.1.15`)).toEqual({
      name: 'javascriptcore',
      version: '18.5',
    });
    const iPhone = `(iPhone; CPU iPhone OS 17_4 like Mac OS X) ${webKit}`;
    expect(engineOf(`${iPhone} CriOS/141.0.0.0 Mobile/15E148 Safari/604.1`)).toEqual({
      name: 'javascriptcore',
      version: '17.4',
    });
    expect(engineOf('(something else)')).toEqual({ name: 'unknown', version: 'unknown' });
  });

  test('what compiles shaders is of one version with the browser', () => {
    expect(shadersOf('Mozilla/5.0 (X11; Linux x86_64) Chrome/141.0.0.0 Safari/537.36')).toEqual({
      name: 'dawn',
      version: '141',
    });
    expect(shadersOf('Mozilla/5.0 (Macintosh) Gecko/20100101 Firefox/144.0')).toEqual({
      name: 'wgpu',
      version: '144.0',
    });
    expect(shadersOf('Mozilla/5.0 (Macintosh) Version/26.0 Safari/605.1.15')).toEqual({
      name: 'webkit',
      version: '26.0',
    });
  });

  test('the class is that of Node on the same architecture with the same features', () => {
    const { device, features } = nodeProfile();
    const same = facts('(X11; Linux x86_64) Chrome/141.0.0.0', { features: features.slice(1) });
    const isArm = process.arch === 'arm64';
    expect(profileOf({ ...same, isNaNNegative: !isArm }).device.class).toBe(device.class);
  });

  test('the architecture is what code runs on, whatever the browser says', () => {
    const mac = facts('(Macintosh; Intel Mac OS X 10_15_7) Version/18.5 Safari/605.1.15');
    expect(profileOf(mac).device).toEqual({
      class: 'arm64-simd128',
      fingerprint: 'Macintosh; Intel Mac OS X 10_15_7, 8 cores, arm64',
    });
    expect(profileOf({ ...mac, isNaNNegative: true }).device.class).toBe('x64-simd128');
    expect(profileOf({ ...mac, hints: { bitness: '32' } }).device.class).toBe('arm-simd128');
    expect(profileOf(facts('(X11; Linux i686; rv:144.0) Firefox/144.0', { isNaNNegative: true })).device).toEqual({
      class: 'ia32-simd128',
      fingerprint: 'X11; Linux i686, 8 cores, ia32',
    });
  });

  test('what is told beside the user agent is more exact', () => {
    const phone = facts('(Linux; Android 10; K) Chrome/141.0.0.0 Mobile', {
      hints: { platform: 'Android', model: 'Pixel 7', bitness: '' },
      features: ['relaxed-simd'],
    });
    expect(profileOf(phone)).toEqual({
      device: { class: 'arm64-simd128-relaxed-simd', fingerprint: 'Android Pixel 7, 8 cores, arm64' },
      engine: { name: 'v8', version: '14.1' },
      features: ['simd128', 'relaxed-simd'],
    });
  });
});
