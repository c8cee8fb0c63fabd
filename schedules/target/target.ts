/** What a schedule has to know of the engine that runs it. */
export interface Target {
  readonly name: string;
  /** Vector registers that hold values in a loop. */
  readonly vectorRegisters: number;
  /** Whether a product is added to a sum by one instruction, so that it needs no register of its own. */
  readonly fusedMultiplyAdd: boolean;
  /** Bytes of what is read again and again that may be taken to stay in the second-level cache. */
  readonly cacheBytes: number;
  /** Of a GPU: what its loops are bound to. */
  readonly gpu?: GpuLimits;
}

export interface GpuLimits {
  /** Invocations of a workgroup, where nothing asks for another number. */
  readonly workgroupSize: number;
  /** Invocations that keep it busy: with fewer of them, what each does takes as long. */
  readonly invocations: number;
  /** Workgroups along an axis of a dispatch, invocations of a workgroup and bytes of its memory, at most. */
  readonly workgroupsAlong: number;
  readonly workgroupInvocations: number;
  readonly workgroupBytes: number;
  /** Whether the invocations of a subgroup reduce their values together. */
  readonly subgroups: boolean;
  /** Buffers that a kernel may bind. */
  readonly storageBuffers: number;
}

/** WebAssembly SIMD. One of the sixteen registers of the processor is the engine's own. */
export const wasmSimd: Target = {
  name: 'wasm-simd128',
  vectorRegisters: 15,
  fusedMultiplyAdd: false,
  cacheBytes: 512 * 1024,
};

export const wasmRelaxedSimd: Target = { ...wasmSimd, name: 'wasm-relaxed-simd', fusedMultiplyAdd: true };

/** WebGPU, by the limits that every adapter has. What is read again stays in no cache that a rule could count on. */
export const webgpu: Target = {
  name: 'webgpu',
  vectorRegisters: 32,
  fusedMultiplyAdd: true,
  cacheBytes: Number.POSITIVE_INFINITY,
  gpu: {
    workgroupSize: 64,
    invocations: 2048,
    workgroupsAlong: 65535,
    workgroupInvocations: 256,
    workgroupBytes: 16384,
    subgroups: false,
    storageBuffers: 8,
  },
};

export const webgpuSubgroups: Target = {
  ...webgpu,
  name: 'webgpu-subgroups',
  ...(webgpu.gpu && { gpu: { ...webgpu.gpu, subgroups: true } }),
};
