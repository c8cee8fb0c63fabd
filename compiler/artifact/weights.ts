import { createHash } from 'node:crypto';
import { bytesOf, type TensorData } from '../../ir/tensor-data.ts';
import { files, type ReorderLoop } from '../../runtime/manifest.ts';
import { type Origin, orderBetween } from './reorder.ts';

const alignment = 64;
const align = (offset: number): number => Math.ceil(offset / alignment) * alignment;

/** A constant that a program reads. */
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

/** What reads constants in linear memory: a variant of a model, or the part of it that a GPU leaves to the processor. */
export interface WeightsUser {
  /** By which files that some users share are named. */
  readonly label: string;
  readonly constants: readonly Constant[];
}

/** The constants of one user in their files. */
export interface PlacedWeights {
  /** In the order in which what stays of them stands in memory. */
  readonly files: readonly WeightsFile[];
  readonly residentBytes: number;
  /** In which file, and where in it, a constant stands; and where in memory, from the first of the weights on. */
  readonly placeOf: (constant: Constant) => Place;
}

export interface Place extends PlaceInFile {
  readonly inMemory: number;
}

export interface PlaceInFile {
  readonly file: string;
  readonly offset: number;
}

/** The constants that are copied to a GPU, which has a memory of its own. */
export interface WebgpuWeights {
  readonly files: readonly Pick<WeightsFile, 'file' | 'bytes'>[];
  /** What stands there in another order has one. */
  readonly placeOf: (data: TensorData) => PlaceInFile & { readonly order?: readonly ReorderLoop[] };
}

/** What was packed, and of what. */
export type Origins = ReadonlyMap<TensorData, Origin>;

/** A content that some users read in the same role. */
interface Shared {
  readonly bytes: Uint8Array;
  readonly isResident: boolean;
  readonly users: Set<string>;
}

/** What a GPU takes for a constant, and the order of its elements where it is another one. */
interface Taken {
  readonly constant: Constant;
  readonly order?: readonly ReorderLoop[];
}

const gpuLabel = 'gpu';

/**
 * Puts the constants of a model into files, equal contents once: one file for all that every user reads, and one for each
 * other set of users that share some. So a user's files hold what it reads and nothing else. A GPU is a user where
 * `onGpu` says what it reads; of a constant that a program has in another order, by its origin, it takes that.
 */
export function placeWeights(
  programs: readonly WeightsUser[],
  onGpu?: readonly TensorData[],
  origins: Origins = new Map(),
): { readonly programs: readonly PlacedWeights[]; readonly webgpu: WebgpuWeights } {
  const shared = new Map<string, Shared>();
  const contents = new Map<TensorData, string>();
  const contentOf = (data: TensorData): string => {
    const content = contents.get(data) ?? createHash('sha256').update(bytesOf(data.data)).digest('hex');
    contents.set(data, content);
    return content;
  };
  const keyOf = ({ data, isResident }: Constant): string => `${isResident} ${contentOf(data)}`;
  const share = (label: string, key: string, constant: Constant): void => {
    const known = shared.get(key) ?? { ...constant, bytes: bytesOf(constant.data.data), users: new Set() };
    known.users.add(label);
    shared.set(key, known);
  };
  for (const { label, constants } of programs)
    for (const constant of constants) share(label, keyOf(constant), constant);
  const originOf = (data: TensorData): Origin => origins.get(data) ?? { source: data };
  const all = programs.flatMap(({ constants }) => constants);
  const bySource = Map.groupBy(onGpu === undefined ? [] : all, ({ data }) => contentOf(originOf(data).source));
  /** A GPU takes a constant from where others have it. */
  const take = (data: TensorData): Taken => {
    const equal = [true, false].map((isResident) => ({ data, isResident })).find((one) => shared.has(keyOf(one)));
    if (equal !== undefined) return { constant: equal };
    for (const constant of bySource.get(contentOf(originOf(data).source)) ?? []) {
      const order = orderBetween(originOf(constant.data), originOf(data));
      if (order !== undefined) return { constant, order };
    }
    return { constant: { data, isResident: false } };
  };
  const taken = new Map((onGpu ?? []).map((data) => [data, take(data)]));
  for (const { constant } of taken.values()) share(gpuLabel, keyOf(constant), constant);
  const count = programs.length + (onGpu === undefined ? 0 : 1);
  const groups = Map.groupBy(shared, ([, { users }]) => fileName([...users], count));
  if (!groups.has(files.weights)) groups.set(files.weights, []);
  const filled = [...groups].map(([file, members]) => fill(file, members));
  const filesOf = (label: string): readonly Filled[] =>
    filled
      .filter(({ file, users }) => file === files.weights || users.has(label))
      .sort((a, b) => (a.file === files.weights ? -1 : b.file === files.weights ? 1 : a.file < b.file ? -1 : 1));
  const ofGpu = placed(filesOf(gpuLabel), keyOf);
  return {
    programs: programs.map(({ label }) => placed(filesOf(label), keyOf)),
    webgpu: {
      files: ofGpu.files,
      placeOf: (data) => {
        const { constant, order } = taken.get(data) ?? take(data);
        const { file, offset } = ofGpu.placeOf(constant);
        return { file, offset, ...(order && { order }) };
      },
    },
  };
}

const fileName = (users: readonly string[], count: number): string =>
  users.length === count ? files.weights : files.weights.replace('.', `.${users.join('-')}.`);

interface Filled extends WeightsFile {
  readonly offsets: ReadonlyMap<string, number>;
  readonly users: ReadonlySet<string>;
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
