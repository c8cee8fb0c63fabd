/** A module as WebAssembly text, for people to read. */
export async function emitWat(bytes: Uint8Array): Promise<string> {
  const { default: load } = await import('wabt');
  const wabt = await load();
  // wabt reads garbage from a Buffer: it takes the bytes of the pool that the Buffer is a part of.
  const module = wabt.readWasm(Uint8Array.from(bytes), { readDebugNames: true, simd: true, relaxed_simd: true });
  try {
    module.applyNames();
    return module.toText({ foldExprs: true, inlineExport: true });
  } finally {
    module.destroy();
  }
}
