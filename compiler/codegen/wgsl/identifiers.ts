/**
 * Gives names of the IR identifiers of WGSL, the same name the same, different ones different. Words without a digit
 * may be keywords, those that begin like a type's name may be types: both get an underscore at the end. `others` are not given.
 */
export function newIdentifiers(others: readonly string[] = []): (name: string) => string {
  const known = new Map<string, string>();
  const taken = new Set(others);
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const plain = plainIdentifier(name);
    let [identifier, count] = [plain, 1];
    while (taken.has(identifier)) identifier = `${plain}_${++count}`;
    known.set(name, identifier);
    taken.add(identifier);
    return identifier;
  };
}

function plainIdentifier(name: string): string {
  const letters = name.replaceAll(/[^A-Za-z0-9]+/g, '_').replace(/^_|_$/g, '');
  const word = /^[A-Za-z]/.test(letters) ? letters : `n${letters}`;
  return /\d/.test(word) && !/^(f16|f32|i32|u32|vec|mat|texture)/.test(word) ? word : `${word}_`;
}
