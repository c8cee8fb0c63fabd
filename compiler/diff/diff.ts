import { invariant } from '../../ir/errors.ts';
import type { Graph, Node, NodeOf } from '../../ir/graph/graph.ts';
import { evaluateNode } from '../../ir/graph/op-table.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { isAlias } from '../kernels.ts';
import type { DiffDevice } from './device.ts';
import { type Divergence, divergenceOf } from './divergence.ts';
import { hasSteps, judge, type ScaledTolerance, type Verdict } from './tolerance.ts';

export type Tensors = Readonly<Record<string, TensorData>>;

/** How a device computes one group of a model. */
export interface GroupDiff {
  readonly group: NodeOf<'fused'>;
  /** From 1, of so many. */
  readonly position: number;
  readonly groups: number;
  /** Of each result, where the group was given what the interpreter computes. */
  readonly verdicts: readonly Verdict[];
  /** The same where it was given what the device had computed before. */
  readonly accumulated?: readonly Verdict[];
  /** Of the first result that does not agree. */
  readonly divergence?: Divergence;
}

export interface DiffOptions {
  readonly tolerance: ScaledTolerance;
  /** The same model on the same device, which is given the inputs alone: its errors accumulate. */
  readonly own?: DiffDevice;
}

/**
 * Runs a model group by group and compares each with the interpreter, on the same operands: those that the interpreter
 * computes, so that the error of a group is not that of the groups before it.
 */
export async function* diffGroups(
  device: DiffDevice,
  inputs: Tensors,
  { tolerance, own }: DiffOptions,
): AsyncGenerator<GroupDiff> {
  const { fused } = device;
  const values = new Map(Object.entries(inputs));
  const constants = new Set<string>();
  for (const { name, data } of fused.constants) {
    values.set(name, data);
    constants.add(name);
  }
  for (const [name, tensor] of Object.entries(inputs)) own?.write(name, tensor);
  const readLast = lastReaders(fused);
  const groups = fused.nodes.filter((node) => node.op === 'fused' && !isAlias(node) && device.runs(node)).length;
  let position = 0;
  for (const node of fused.nodes) {
    const operands = node.inputs.map((name) => valueOf(values, name));
    const expected = evaluateNode(node, operands);
    for (const [i, { name }] of node.outputs.entries()) values.set(name, expected[i] as TensorData);
    invariant(node.op === 'fused', `node ${node.name} was left out of fusion`);
    if (isAlias(node)) {
      if (node.inputs.every((name) => constants.has(name))) for (const { name } of node.outputs) constants.add(name);
    } else if (!device.runs(node)) {
      for (const [i, { name }] of node.outputs.entries()) own?.write(name, expected[i] as TensorData);
    } else {
      for (const [i, name] of node.inputs.entries())
        if (!constants.has(name)) device.write(name, operands[i] as TensorData);
      const run = { group: node, operands, expected, constants, tolerance };
      const judged = await judgeGroup(device, run);
      const accumulated = own && (await verdictsOn(own, run)).verdicts;
      position++;
      yield { group: node, position, groups, ...judged, ...(accumulated && { accumulated }) };
    }
    for (const name of readLast.get(node) ?? []) values.delete(name);
  }
}

/** A group with its operands and what it should give. */
interface GroupRun {
  readonly group: NodeOf<'fused'>;
  readonly operands: readonly TensorData[];
  readonly expected: readonly TensorData[];
  readonly constants: ReadonlySet<string>;
  readonly tolerance: ScaledTolerance;
}

async function verdictsOn(
  device: DiffDevice,
  { group, expected, tolerance }: GroupRun,
): Promise<{ readonly actual: readonly TensorData[]; readonly verdicts: readonly Verdict[] }> {
  await device.run(group);
  const actual: TensorData[] = [];
  for (const { name, type } of group.outputs) actual.push(await device.read(name, type));
  const leaps = hasSteps(group.attrs.body);
  const verdicts = actual.map((tensor, i) => judge(tensor, expected[i] as TensorData, tolerance, leaps));
  return { actual, verdicts };
}

async function judgeGroup(device: DiffDevice, run: GroupRun): Promise<Pick<GroupDiff, 'verdicts' | 'divergence'>> {
  const { actual, verdicts } = await verdictsOn(device, run);
  const wrong = verdicts.findIndex(({ agrees }) => !agrees);
  if (wrong < 0) return { verdicts };
  const result = {
    value: run.group.outputs[wrong]?.name ?? '',
    actual: actual[wrong] as TensorData,
    expected: run.expected[wrong] as TensorData,
    verdict: verdicts[wrong] as Verdict,
  };
  const isConstant = (name: string): boolean => run.constants.has(name);
  return { verdicts, divergence: divergenceOf(run.group, run.operands, result, isConstant) };
}

function valueOf(values: ReadonlyMap<string, TensorData>, name: string): TensorData {
  const value = values.get(name);
  invariant(value !== undefined, `value ${name} is there when it is read`);
  return value;
}

/** The values that a node is the last to read. */
function lastReaders({ nodes }: Graph): ReadonlyMap<Node, readonly string[]> {
  const last = new Map(nodes.flatMap((node) => node.inputs.map((input) => [input, node] as const)));
  return new Map([...Map.groupBy(last, ([, node]) => node)].map(([node, read]) => [node, read.map(([name]) => name)]));
}
