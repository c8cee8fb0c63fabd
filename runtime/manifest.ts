/** The version of the artifact's format that this runtime writes and reads. */
export const formatVersion = 1;

export type DType = 'f32' | 'f16' | 'f64' | 'i8' | 'u8' | 'i16' | 'u16' | 'i32' | 'u32' | 'i64' | 'u64' | 'bool';

/** What `manifest.json` holds. Offsets and sizes are bytes in the model's one linear memory. */
export interface Manifest {
  readonly format: 'tilewright';
  readonly version: number;
  readonly name: string;
  readonly inputs: readonly TensorSlot[];
  readonly outputs: readonly TensorSlot[];
  readonly memory: MemoryLayout;
  readonly plan: readonly Step[];
  /** Every other file of the artifact that is checked when it is loaded. */
  readonly files: Readonly<Record<string, FileEntry>>;
  readonly provenance: Provenance;
}

/** Where an input or output stands in memory: row-major and contiguous. */
export interface TensorSlot {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly offset: number;
}

/** `bytes` in all; the weights' file is copied to `weights`; all else is the arena of activations. */
export interface MemoryLayout {
  readonly bytes: number;
  readonly weights: number;
}

/** Calls the export `kernel` with the addresses of its operands. `node` names what it computes, for people. */
export interface Step {
  readonly kind: 'kernel';
  readonly kernel: string;
  readonly node: string;
  readonly operands: readonly number[];
}

export interface FileEntry {
  readonly bytes: number;
  readonly sha256: string;
}

export interface Provenance {
  readonly compiler: string;
  readonly options: Readonly<Record<string, unknown>>;
}

export const files = { manifest: 'manifest.json', kernels: 'kernels.wasm', weights: 'weights.bin' } as const;
