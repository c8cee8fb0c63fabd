import type { Binaryen, Module, Ref } from './binaryen.ts';
import type { WasmType } from './value-type.ts';

/** A function of the module that kernels call for what takes more than a few instructions. */
export interface Helper {
  readonly params: readonly WasmType[];
  readonly result: WasmType;
  readonly locals: readonly WasmType[];
  readonly body: (m: Module, b: Binaryen) => Ref;
}

/** Division by a divisor that is known only at run time, and so may be 0 or -1. */
export type DivisionOp = 'div' | 'mod' | 'floordiv' | 'floormod';
export type DivisionHelper = `${DivisionOp}.${'s' | 'u'}${32 | 64}`;
export type HelperName =
  | 'f16Round'
  | 'f16RoundF64'
  | 'f16ToF32'
  | 'f32ToF16'
  | 'fmod'
  | 'powU64'
  | 'powS64'
  | DivisionHelper;

/** Names of functions inside of the module, which no kernel's can equal. */
export const helperFunction = (name: HelperName): string => `helper:${name}`;
export const kernelFunction = (name: string): string => `kernel:${name}`;
