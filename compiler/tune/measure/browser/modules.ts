import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import type { TargetName } from '../../../pipeline.ts';

/** The scripts of the page and of its worker, for either target, with all that they import, by their paths from the root of the sources. */
export const moduleNames = [
  'compiler/devices/request-device',
  'compiler/io/compare',
  'compiler/io/random-inputs',
  'compiler/tune/adapter-profile',
  'compiler/tune/measure/ask',
  'compiler/tune/measure/browser/encoding',
  'compiler/tune/measure/browser/page/connection',
  'compiler/tune/measure/browser/page/follow-orders',
  'compiler/tune/measure/browser/page/gpu',
  'compiler/tune/measure/browser/page/keep-awake',
  'compiler/tune/measure/browser/page/main',
  'compiler/tune/measure/browser/page/profile',
  'compiler/tune/measure/browser/page/view',
  'compiler/tune/measure/browser/page/web-worker',
  'compiler/tune/measure/browser/page/webgpu-main',
  'compiler/tune/measure/browser/page/webgpu-worker',
  'compiler/tune/measure/browser/page/worker',
  'compiler/tune/measure/browser/protocol',
  'compiler/tune/measure/check',
  'compiler/tune/measure/deadline',
  'compiler/tune/measure/instance',
  'compiler/tune/measure/measure-batch',
  'compiler/tune/measure/open-task',
  'compiler/tune/measure/sampling',
  'compiler/tune/measure/service',
  'compiler/tune/measure/statistics',
  'compiler/tune/measure/wasm-bench',
  'compiler/tune/measure/webgpu/stopwatch',
  'compiler/tune/measure/webgpu/webgpu-bench',
  'compiler/tune/measure/webgpu/webgpu-instance',
  'ir/dtype',
  'ir/errors',
  'ir/f16',
  'ir/random',
  'ir/tensor-data',
  'runtime/errors',
  'runtime/features',
  'runtime/webgpu/device',
  'runtime/webgpu/errors',
  'runtime/webgpu/features',
  'runtime/webgpu/pipelines',
  'runtime/webgpu/words',
] as const;

// Built files import one another with this ending, sources with that one.
const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const root = new URL('../../../../', import.meta.url);

/** Where the page's script stands among them. */
export const mainScriptFor = (target: TargetName): string =>
  `compiler/tune/measure/browser/page/${target === 'webgpu' ? 'webgpu-main' : 'main'}${ending}`;

/** The modules as browsers run them, by the paths by which they import one another. */
export async function readModules(): Promise<ReadonlyMap<string, string>> {
  const read = async (name: string): Promise<readonly [string, string]> => {
    const path = `${name}${ending}`;
    const text = await readFile(new URL(path, root), 'utf8');
    return [path, ending === '.ts' ? stripTypeScriptTypes(text) : text];
  };
  return new Map(await Promise.all(moduleNames.map(read)));
}
