import { bindDim, isStatic, shapeEquals } from '../../dim.ts';
import { invariant } from '../../errors.ts';
import { interpretFunc } from '../../tensor/interpret.ts';
import type { TensorFunc } from '../../tensor/tensor-func.ts';
import { valueTypes } from '../edit.ts';
import type { Graph, TensorType } from '../graph.ts';
import type { OpRow } from '../op-row.ts';
import { type EvaluateNode, runGraph } from '../run-graph.ts';
import { solveSizes } from '../symbols.ts';
import { check, printType } from './checks.ts';

function checkSignature(inputs: readonly TensorType[], expected: readonly TensorType[], callee: string): void {
  check(inputs.length === expected.length, () => `${callee} takes ${expected.length} operands, has ${inputs.length}`);
  inputs.forEach((input, i) => {
    const type = expected[i] as TensorType;
    check(
      input.dtype === type.dtype && shapeEquals(input.shape, type.shape),
      () => `operand ${i} of ${callee} is ${printType(input)}, expected ${printType(type)}`,
    );
  });
}

function inferCall(inputs: readonly TensorType[], { func }: { readonly func: TensorFunc }): readonly TensorType[] {
  const sizes = solveSizes(
    func,
    inputs.map(({ shape }) => shape),
  );
  const bound = ({ dtype, shape }: TensorType): TensorType => ({
    dtype,
    shape: shape.map((dim) => bindDim(dim, sizes)),
  });
  checkSignature(inputs, func.inputs.map(bound), func.name);
  return func.outputs.map(bound);
}

const callTir: OpRow<'call_tir'> = {
  kind: 'opaque',
  infer: inferCall,
  evaluate: (inputs, { func }) => {
    const sizes = solveSizes(
      func,
      inputs.map(({ shape }) => shape),
    );
    const values = [...sizes].map(([name, size]) => {
      invariant(isStatic(size), `${func.name} was evaluated without a value of its size ${name}`);
      return [name, size] as const;
    });
    return interpretFunc(func, inputs, new Map(values));
  },
};

function inferBody(inputs: readonly TensorType[], { body }: { readonly body: Graph }): readonly TensorType[] {
  checkSignature(
    inputs,
    body.inputs.map(({ type }) => type),
    body.name,
  );
  const types = valueTypes(body);
  return body.outputs.map(({ value }) => {
    const type = types.get(value);
    check(type !== undefined, () => `${body.name} gives %${value}, which is not defined`);
    return type;
  });
}

const fusedRow = (evaluateNode: EvaluateNode): OpRow<'fused'> => ({
  kind: 'opaque',
  infer: inferBody,
  evaluate: (inputs, { body }) => runGraph(body, inputs, evaluateNode),
});

/** A fused node's meaning is that of its body's nodes, so its row needs the table in which it stands: by `evaluateNode`. */
export const structuralRows = (evaluateNode: EvaluateNode) => ({ call_tir: callTir, fused: fusedRow(evaluateNode) });
