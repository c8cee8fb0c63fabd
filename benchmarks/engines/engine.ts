import type { TensorData } from '../../ir/tensor-data.ts';

export type Output = Pick<TensorData, 'shape' | 'data'>;

/** An ONNX model and one set of inputs. */
export interface Workload {
  readonly model: Uint8Array;
  readonly inputs: Readonly<Record<string, TensorData>>;
}

/** A workload made ready by one of the compared systems. */
export interface Session {
  /** Called before each sample, outside of its time. */
  prepare?(): void;
  /** One inference of the workload's inputs, up to outputs that the caller can read, in the graph's order. */
  run(): Promise<readonly Output[]>;
  dispose(): Promise<void>;
}

export interface Engine {
  readonly name: string;
  open(workload: Workload): Promise<Session>;
}
