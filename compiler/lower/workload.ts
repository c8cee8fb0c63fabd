import { invariant } from '../../ir/errors.ts';
import type { NodeOf } from '../../ir/graph/graph.ts';
import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import type { Definition, Workload } from '../../schedules/space/search-space.ts';
import { directCost, winogradCost } from '../../schedules/target/conv-cost.ts';
import { type ConvSizes, prefersImplicitGemm } from '../../schedules/target/conv-definition.ts';
import { wasmRelaxedSimd } from '../../schedules/target/target.ts';
import { lowerAsImplicitGemm, lowerAsWinograd, lowerGroup } from './lower-group.ts';
import { staticDim } from './lowering.ts';
import { winograd2, winograd4 } from './winograd-transforms.ts';

/**
 * The algorithms for a group, some inputs of which are constants. The first is the plain one, by whose text equal
 * workloads are known.
 */
export function workloadOf(node: NodeOf<'fused'>, isConstant: (input: string) => boolean): Workload {
  const direct = onlyDirect(lowerGroup(node));
  const gemm = lowerAsImplicitGemm(node);
  if (gemm === undefined) return direct;
  const sizes = convSizes(node);
  const isPreferred = prefersImplicitGemm(sizes, wasmRelaxedSimd);
  const definitions = [...direct.definitions, { name: 'implicit-gemm', func: gemm }];
  const preferred = isPreferred ? 'implicit-gemm' : direct.preferred;
  const winograd = isConstant(weightsOf(node)) ? winogradDefinitions(node, sizes) : [];
  if (winograd.length === 0) return { definitions, preferred };
  const cost = directCost(sizes, wasmRelaxedSimd);
  return { definitions: [...definitions.map((definition) => ({ ...definition, cost })), ...winograd], preferred };
}

const winogradDefinitions = (node: NodeOf<'fused'>, sizes: ConvSizes): readonly Definition[] =>
  [winograd2, winograd4].flatMap((transforms) => {
    const [func, size] = [lowerAsWinograd(node, transforms), transforms.results];
    const name = `winograd-${size}x${size}`;
    return func === undefined
      ? []
      : [{ name, func, isPrepared: true, cost: winogradCost(sizes, size, wasmRelaxedSimd) }];
  });

/** A workload with one definition. */
export const onlyDirect = (func: TensorFunc): Workload => ({
  definitions: [{ name: 'direct', func }],
  preferred: 'direct',
});

/** What a group around a convolution calls the value that it takes its weights from. */
function weightsOf({ inputs, attrs: { body } }: NodeOf<'fused'>): string {
  const conv = body.nodes.find((inner) => inner.op === 'conv');
  return inputs[body.inputs.findIndex(({ name }) => name === conv?.inputs[1])] ?? '';
}

function convSizes({ name, attrs: { body } }: NodeOf<'fused'>): ConvSizes {
  const conv = body.nodes.find((inner) => inner.op === 'conv');
  const weights = body.inputs.find((input) => input.name === conv?.inputs[1]);
  const places = conv?.outputs[0]?.type.shape.slice(0, -1).map(staticDim);
  invariant(weights !== undefined && places !== undefined, `group ${name} is around a convolution`);
  const [outputs, inputs] = weights.type.shape.slice(0, 2).map(staticDim) as [number, number];
  const lines = places.slice(0, -1).reduce((product, extent) => product * extent, 1);
  return { lines, height: places.at(-2) ?? 1, width: places.at(-1) ?? 1, inputs, outputs };
}
