import { createHash } from 'node:crypto';
import { bytesOf, type TensorData } from '../../ir/tensor-data.ts';
import { files } from '../../runtime/manifest.ts';

const alignment = 64;
const align = (offset: number): number => Math.ceil(offset / alignment) * alignment;

/** A constant that a variant of a model reads. */
export interface Constant {
  readonly data: TensorData;
  /** It stays in memory; else operands are prepared of it when the artifact is loaded. */
  readonly isResident: boolean;
}

/** A file of constants: first those that stay in memory, `resident` bytes, then those of which others are prepared. */
export interface WeightsFile {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly resident: number;
}

/** The constants of one variant in their files. */
export interface PlacedWeights {
  /** In the order in which what stays of them stands in memory. */
  readonly files: readonly WeightsFile[];
  readonly residentBytes: number;
  /** In which file, and where in it, a constant stands; and where in memory, from the first of the weights on. */
  readonly placeOf: (constant: Constant) => Place;
}

export interface Place {
  readonly file: string;
  readonly offset: number;
  readonly inMemory: number;
}

/** A content that some variants read in the same role. */
interface Shared {
  readonly bytes: Uint8Array;
  readonly isResident: boolean;
  readonly users: Set<number>;
}

/**
 * Puts the constants of a model's variants into files, equal contents once: one file for all that every variant reads,
 * and one for each other set of variants that share some. So a variant's files hold what it reads and nothing else.
 */
export function placeWeights(variants: readonly (readonly Constant[])[]): readonly PlacedWeights[] {
  const shared = new Map<string, Shared>();
  const keys = new Map<TensorData, string>();
  const keyOf = ({ data, isResident }: Constant): string => {
    const key = keys.get(data) ?? createHash('sha256').update(bytesOf(data.data)).digest('hex');
    keys.set(data, key);
    return `${isResident} ${key}`;
  };
  for (const [variant, constants] of variants.entries())
    for (const constant of constants) {
      const key = keyOf(constant);
      const known = shared.get(key) ?? { ...constant, bytes: bytesOf(constant.data.data), users: new Set() };
      known.users.add(variant);
      shared.set(key, known);
    }
  const groups = Map.groupBy(shared, ([, { users }]) => fileName([...users], variants.length));
  if (!groups.has(files.weights)) groups.set(files.weights, []);
  const all = [...groups].map(([file, members]) => fill(file, members));
  return variants.map((_, variant) => {
    const own = all.filter(({ file, users }) => file === files.weights || users.has(variant));
    own.sort((a, b) => (a.file === files.weights ? -1 : b.file === files.weights ? 1 : a.file < b.file ? -1 : 1));
    return placed(own, keyOf);
  });
}

const fileName = (users: readonly number[], variants: number): string =>
  users.length === variants ? files.weights : files.weights.replace('.', `.${users.join('-')}.`);

interface Filled extends WeightsFile {
  readonly offsets: ReadonlyMap<string, number>;
  readonly users: ReadonlySet<number>;
}

function fill(file: string, members: readonly (readonly [key: string, Shared])[]): Filled {
  const offsets = new Map<string, number>();
  let end = 0;
  const place = (isResident: boolean): number => {
    for (const [key, member] of members) {
      if (member.isResident !== isResident) continue;
      offsets.set(key, align(end));
      end = align(end) + member.bytes.length;
    }
    return align(end);
  };
  const [resident, size] = [place(true), place(false)];
  const bytes = new Uint8Array(size);
  for (const [key, member] of members) bytes.set(member.bytes, offsets.get(key));
  return { file, bytes, resident, offsets, users: new Set(members.flatMap(([, { users }]) => [...users])) };
}

function placed(own: readonly Filled[], keyOf: (constant: Constant) => string): PlacedWeights {
  const places = new Map<string, Place>();
  let begin = 0;
  for (const { file, offsets, resident } of own) {
    for (const [key, offset] of offsets) places.set(key, { file, offset, inMemory: begin + offset });
    begin += resident;
  }
  return {
    files: own.map(({ file, bytes, resident }) => ({ file, bytes, resident })),
    residentBytes: begin,
    placeOf: (constant) => places.get(keyOf(constant)) as Place,
  };
}
