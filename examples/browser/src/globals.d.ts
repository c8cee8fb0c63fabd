/// <reference types="vite/client" />

// The compiled model's own types stand in its folder, which `npm run compile` makes. Until then, these hold.
declare module '*/model/index.js' {
  type WebgpuModel = import('../../../runtime/webgpu/index.ts').WebgpuModel;
  type LoadOptions = import('../../../runtime/index.ts').LoadOptions;

  export const webgpu: typeof import('../../../runtime/webgpu/index.ts').webgpu;
  export function load(options: LoadOptions & { readonly device: ReturnType<typeof webgpu> }): Promise<WebgpuModel>;
  export function load(options?: LoadOptions): Promise<import('../../../runtime/index.ts').Model>;
}
