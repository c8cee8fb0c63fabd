/// <reference types="vite/client" />

// The compiled model's own types stand in its folder, which `npm run compile` makes. Until then, these hold.
declare module '*/model/index.js' {
  type GpuModel = import('../../../runtime/webgpu/index.ts').GpuModel;
  type LoadOptions = import('../../../runtime/index.ts').LoadOptions;

  export const webgpu: typeof import('../../../runtime/webgpu/index.ts').webgpu;
  export function load(options: LoadOptions & { readonly device: ReturnType<typeof webgpu> }): Promise<GpuModel>;
  export function load(options?: LoadOptions): Promise<import('../../../runtime/index.ts').Model>;
}
