import type { ScalarType } from './value-type.ts';

/** What the text of a function is made with, for scalars or for vectors. */
export interface Types {
  /** Of the parameters. */
  readonly type: string;
  readonly of: (scalar: ScalarType) => string;
  /** A value in every lane. */
  readonly splat: (value: string, type?: ScalarType) => string;
}

/** A function of ours for what WGSL leaves open, or says otherwise than the IR. */
export interface Helper {
  readonly params: '' | 'x' | 'a, b' | 'x, bound' | 'x, low, high';
  readonly type: ScalarType;
  /** Where it is another type than that of the parameters. */
  readonly result?: ScalarType;
  /** The scalar functions that it calls. */
  readonly calls?: readonly string[];
  /** Whether the function on vectors calls the one on scalars for each lane. */
  readonly isByLane?: true;
  readonly body: (types: Types) => readonly string[];
}

/** Whether x is a NaN: by its bits, since drivers may take it that there is none. */
export const isNan = (x: string, { of, splat }: Pick<Types, 'of' | 'splat'>): string =>
  `(bitcast<${of('u32')}>(${x}) & ${splat('0x7fffffffu', 'u32')}) > ${splat('0x7f800000u', 'u32')}`;
