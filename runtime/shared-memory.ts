const importSection = 2;
const memoryImport = 2;
const sharedLimit = 2;

/**
 * The module with its memory imported as a shared one. A module says in one bit of its import which of the two it takes,
 * and an engine without threads refuses a shared one: so the file holds the kernels for one thread, and this sets the bit.
 * The memory must be the first import, with a maximum.
 */
export function withSharedMemory(module: Uint8Array): Uint8Array {
  const shared = module.slice();
  let at = 8;
  const byte = (): number => shared[at++] ?? 0;
  /** An unsigned number in LEB128. */
  const number = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const next = byte();
      value += (next & 0x7f) * 2 ** shift;
      if (next < 0x80) return value;
    }
  };
  const skip = (): void => {
    const size = number();
    at += size;
  };
  while (byte() !== importSection && at < shared.length) skip();
  number(); // the section's size
  number(); // how many imports there are
  skip(); // the name of the module that it is imported from
  skip(); // its name there
  if (byte() !== memoryImport) throw new Error('the first import of the kernels is not their memory');
  shared[at] = (shared[at] ?? 0) | sharedLimit;
  return shared;
}
