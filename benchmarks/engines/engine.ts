import type { TensorData } from '../../ir/tensor-data.ts';
import type { Case } from '../suite.ts';

/** A model made ready by one of the compared systems. */
export interface Session {
  /** One inference of the case's inputs, up to outputs that the caller can read, in the graph's order. */
  run(): Promise<readonly Pick<TensorData, 'shape' | 'data'>[]>;
  dispose(): Promise<void>;
}

export interface Engine {
  readonly name: string;
  prepare(given: Case): Promise<Session>;
}
