type Exports = WebAssembly.Exports & { readonly memory: WebAssembly.Memory };

/** Instantiates a module from its text, which exports a `memory`. */
export async function assemble(text: string): Promise<Exports> {
  const { default: loadWabt } = await import('wabt');
  const wabt = await loadWabt();
  const module = wabt.parseWat('module.wat', text, { simd: true, relaxed_simd: true });
  const { buffer } = module.toBinary({});
  module.destroy();
  const { instance } = await WebAssembly.instantiate(buffer as BufferSource);
  return instance.exports as Exports;
}
