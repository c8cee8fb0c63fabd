/** Those whose id holds one of the names; all where none is given. Throws where a name fits nothing. */
export function named<T extends { readonly id: string }>(cases: readonly T[], names: readonly string[]): readonly T[] {
  const unknown = names.filter((name) => !cases.some(({ id }) => id.includes(name)));
  if (unknown.length > 0) {
    throw new Error(`nothing is called ${unknown.join(', ')}; there are: ${cases.map(({ id }) => id).join(', ')}`);
  }
  return names.length === 0 ? cases : cases.filter(({ id }) => names.some((name) => id.includes(name)));
}
