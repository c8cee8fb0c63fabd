import type { WebgpuKernelProgram } from '../../compiler/tune/measure/programs.ts';

/** A kernel on four floats, for the task of `copyTask`: each invocation, of which `i` is the number, runs a statement. */
export function copyKernel(statement: string): WebgpuKernelProgram {
  const code = `@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<storage, read_write> result: array<f32>;
@compute @workgroup_size(4) fn copy(@builtin(local_invocation_id) id: vec3<u32>) { let i = id.x; ${statement} }`;
  return {
    bytes: 256,
    inputs: [{ operand: 0, address: 64 }],
    setup: [],
    code,
    shaders: { functionsEnd: 0, kernels: [{ name: 'copy', end: code.length }] },
    buffers: [{ elements: 4, from: { address: 64, dtype: 'f32' } }, { elements: 4 }],
    results: [1],
    dispatches: [{ kernel: 'copy', workgroups: [1, 1, 1], buffers: [0, 1] }],
  };
}

/** What is right. */
export const COPY = 'result[i] = source[i];';
/** The same, after a while. */
export const SLOW = `for (var k = 0u; k < 1000000u; k++) { result[i] = result[i] * 0.5 + source[i]; } ${COPY}`;
