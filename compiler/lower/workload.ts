import { invariant } from '../../ir/errors.ts';
import type { NodeOf } from '../../ir/graph/graph.ts';
import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import type { Workload } from '../../schedules/space/search-space.ts';
import { type ConvSizes, prefersImplicitGemm } from '../../schedules/target/conv-definition.ts';
import { wasmRelaxedSimd } from '../../schedules/target/target.ts';
import { lowerAsImplicitGemm, lowerGroup } from './lower-group.ts';
import { staticDim } from './lowering.ts';

/** The algorithms for a group. The first is the plain one, by whose text equal workloads are known. */
export function workloadOf(node: NodeOf<'fused'>): Workload {
  const direct = onlyDirect(lowerGroup(node));
  const gemm = lowerAsImplicitGemm(node);
  if (gemm === undefined) return direct;
  const isPreferred = prefersImplicitGemm(convSizes(node), wasmRelaxedSimd);
  return {
    definitions: [...direct.definitions, { name: 'implicit-gemm', func: gemm }],
    preferred: isPreferred ? 'implicit-gemm' : direct.preferred,
  };
}

/** A workload with one definition. */
export const onlyDirect = (func: TensorFunc): Workload => ({
  definitions: [{ name: 'direct', func }],
  preferred: 'direct',
});

function convSizes({ name, attrs: { body } }: NodeOf<'fused'>): ConvSizes {
  const conv = body.nodes.find((inner) => inner.op === 'conv');
  const weights = body.inputs.find((input) => input.name === conv?.inputs[1]);
  const places = conv?.outputs[0]?.type.shape.slice(0, -1).map(staticDim);
  invariant(weights !== undefined && places !== undefined, `group ${name} is around a convolution`);
  const [outputs, inputs] = weights.type.shape.slice(0, 2).map(staticDim) as [number, number];
  const lines = places.slice(0, -1).reduce((product, extent) => product * extent, 1);
  return { lines, width: places.at(-1) ?? 1, inputs, outputs };
}
