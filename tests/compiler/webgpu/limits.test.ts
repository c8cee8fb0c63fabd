import { expect, test } from 'vitest';
import { checkForWebgpu } from '../../../compiler/webgpu/kernels.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';

const keeping = (elements: number) =>
  parseTensorFunc(`func @keeping(%x: f32[8]) -> (%y: f32[8]) {
    temp %kept: f32[${elements}] workgroup
    for i in 8 invocation.x { %kept[i] = %x[i] %y[i] = %kept[i] }
  }`);

test('a kernel that keeps more in the memory of a workgroup than every adapter has is refused', () => {
  expect(() => checkForWebgpu({ lowered: [keeping(4096)] })).not.toThrow();
  expect(() => checkForWebgpu({ lowered: [keeping(8), keeping(4097)] })).toThrow(
    'kernel keeping on WebGPU: it keeps 16388 bytes for each workgroup, and there may be 16384',
  );
});
