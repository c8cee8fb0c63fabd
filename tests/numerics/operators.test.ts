import { describe, expect, test } from 'vitest';
import { compareTensors, describeDifference } from '../../compiler/io/compare.ts';
import { dtypes } from '../../ir/dtype.ts';
import { GraphBuilder } from '../../ir/graph/build.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import { interpretGraph } from '../../ir/graph/interpret.ts';
import { opTable } from '../../ir/graph/op-table.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { missingDevices, type NumericsDevice, numericsDevices, type Tensors } from './devices.ts';
import { operandsOf } from './operands.ts';
import { operators, type Use } from './operators.ts';

interface Program {
  readonly graph: Graph;
  readonly inputs: Tensors;
  /** The meaning of the operators. */
  readonly outputs: Tensors;
}

/** One program that uses operators in all ways that are given, each on operands of its own. */
function programOf(name: string, uses: readonly Use[]): Program {
  const builder = new GraphBuilder(name);
  const inputs: Record<string, TensorData> = {};
  for (const [i, { op, operands, attrs }] of uses.entries()) {
    const values = operands.map(({ data, isConstant }) => {
      if (isConstant) return builder.constant(data);
      const input = `x${Object.keys(inputs).length}`;
      inputs[input] = data;
      return builder.input(input, data.dtype, data.shape);
    });
    const types = operands.map(({ data }) => `${data.dtype}[${data.shape.join()}]`).join(', ');
    for (const [k, result] of builder.ops(op, values, attrs).entries())
      builder.output(`${i}.${k}: ${op} of ${types} ${JSON.stringify(attrs)}`, result);
  }
  const graph = builder.finish();
  return { graph, inputs, outputs: interpretGraph(graph, inputs) };
}

const programs = new Map<NumericsDevice['holds'], Map<string, Program>>();

/** The programs of the table, of values that a device holds. */
function programsFor({ holds }: NumericsDevice): ReadonlyMap<string, Program> {
  const made = programs.get(holds);
  if (made !== undefined) return made;
  const all = new Map(
    Object.entries(operators).map(([name, uses]) => [
      name,
      programOf(
        name,
        dtypes.flatMap((dtype) => uses(dtype, operandsOf(dtype, holds))),
      ),
    ]),
  );
  programs.set(holds, all);
  return all;
}

test.for(missingDevices)('%s', (_, { skip }) => skip());

describe.each(numericsDevices)('$name', (device) => {
  const all = programsFor(device);

  test.each([...all])('%s', { timeout: 120_000 }, async (_, { graph, inputs, outputs }) => {
    const actual = await device.run(graph, inputs);
    const wrong = Object.entries(outputs).flatMap(([output, expected]) => {
      const difference = compareTensors(actual[output] as TensorData, expected, device.tolerance(expected.dtype));
      return difference.wrong > 0 ? [`${output}: ${describeDifference(difference)}`] : [];
    });
    expect(wrong).toEqual([]);
  });

  test('every operator is used', () => {
    const used = [...all.values()].flatMap(({ graph }) => graph.nodes.map(({ op }) => op));
    expect(new Set([...used, 'fused'])).toEqual(new Set(Object.keys(opTable)));
  });
});
