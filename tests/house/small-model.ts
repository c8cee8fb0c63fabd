import { create, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, TensorProto_DataType } from 'onnx-buf';

/** y = relu(x · w + b), with x: f32[2, 3] and y: f32[2, 2]. */
export const smallModel = (): Uint8Array =>
  toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 8n,
      opsetImport: [{ domain: '', version: 17n }],
      graph: {
        name: 'small',
        input: [floats('x', [2, 3])],
        output: [floats('y', [2, 2])],
        initializer: [
          { name: 'w', dims: [3n, 2n], dataType: TensorProto_DataType.FLOAT, floatData: [1, 2, 3, 4, 5, 6] },
          { name: 'b', dims: [2n], dataType: TensorProto_DataType.FLOAT, floatData: [0.5, -100] },
        ],
        node: [
          { opType: 'MatMul', input: ['x', 'w'], output: ['product'] },
          { opType: 'Add', input: ['product', 'b'], output: ['sum'] },
          { opType: 'Relu', input: ['sum'], output: ['y'] },
        ],
      },
    }),
  );

export const smallInput = [1, 2, 3, 4, 5, 6];

/** [[1, 2, 3], [4, 5, 6]] · [[1, 2], [3, 4], [5, 6]] = [[22, 28], [49, 64]]. */
export const smallOutput = [22.5, 0, 49.5, 0];

function floats(name: string, shape: readonly number[]) {
  return {
    name,
    type: {
      value: {
        case: 'tensorType' as const,
        value: {
          elemType: TensorProto_DataType.FLOAT,
          shape: { dim: shape.map((size) => ({ value: { case: 'dimValue' as const, value: BigInt(size) } })) },
        },
      },
    },
  };
}
