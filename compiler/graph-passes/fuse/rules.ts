import { type Shape, shapeEquals } from '../../../ir/dim.ts';
import { dtypeTable } from '../../../ir/dtype.ts';
import type { Node, TensorType } from '../../../ir/graph/graph.ts';
import type { OpName } from '../../../ir/graph/op-attrs.ts';
import { opTable } from '../../../ir/graph/op-table.ts';
import { depthOf, isProduct } from '../product-depth.ts';

/**
 * Which nodes may form one kernel. This is the one place that says so; `grouping.ts` only proposes sets.
 *
 * A set has one node whose results leave it, and it is a group of one of these kinds:
 *
 * - `contraction`: one matmul or conv, with elementwise operators on its result's shape after or beside it (bias,
 *   activation, residual). Before it, casts that widen small integers to i32; before a matmul also views of its operands
 *   that keep memory order in the last two axes.
 * - `window`: one window operator with elementwise operators on its result's shape; before it, elementwise operators
 *   only where windows do not overlap, so that nothing is computed twice.
 * - `reduction`: reductions of one shape F over the same axes, with elementwise operators on F or on the reduced shape.
 *   Before it also views. Where it goes back from the reduced shape to F, or reduces twice (softmax, layer norm), the
 *   axes are the last ones: the group works row by row. An argmax or argmin is the only reduction of its group.
 * - `copy`: one concat or constant pad, which ends the group, with elementwise operators and views before it.
 * - `map`: elementwise operators, views and gathers. A value that the group computes is never computed twice: it is not
 *   broadcast, and where several operators read it, they read it at the same index. Integer arithmetic on the indices of
 *   a gather is the exception: it is cheap beside the access.
 * - `reshape`: a single reshape, which moves nothing and is not run (see plan-memory.ts).
 * - `opaque`: any other operator, alone.
 *
 * A contraction, window, reduction or concat may end with a pad by a constant of the graph (a halo): the kernel writes its
 * results to their places in the padded tensor, and the border beside them, so that the pad costs no copy.
 */
export type GroupKind = 'contraction' | 'window' | 'reduction' | 'copy' | 'map' | 'reshape' | 'opaque';

/** Larger groups take long to schedule and have more operands than registers for their addresses. */
const mostNodes = 40;
const mostInputs = 12;

/** What a target asks of groups of several nodes. */
export interface GroupLimits {
  readonly mostInputs: number;
  /** Nodes that are in no group with others than these. */
  readonly apart: ReadonlySet<Node>;
}

export const anyGroup: GroupLimits = { mostInputs, apart: new Set() };

type Role =
  | 'elementwise'
  | 'view'
  | 'gather'
  | 'concat'
  | 'pad'
  | 'reshape'
  | 'reduce'
  | 'argreduce'
  | 'window'
  | 'contraction'
  | 'opaque';

const rolesByName: { readonly [K in OpName]?: Role } = {
  transpose: 'view',
  broadcast_to: 'view',
  slice: 'view',
  iota: 'view',
  gather: 'gather',
  gather_elements: 'gather',
  gather_nd: 'gather',
  concat: 'concat',
  pad: 'pad',
  reshape: 'reshape',
  reduce_sum: 'reduce',
  reduce_prod: 'reduce',
  reduce_max: 'reduce',
  reduce_min: 'reduce',
  argmax: 'argreduce',
  argmin: 'argreduce',
  window_sum: 'window',
  window_max: 'window',
  matmul: 'contraction',
  conv: 'contraction',
};

export const roleOf = (node: Node): Role =>
  rolesByName[node.op] ?? (opTable[node.op].kind === 'elementwise' ? 'elementwise' : 'opaque');

/** A proposed group: its nodes in topological order, and the types of all values of the graph. */
export interface Candidate {
  readonly nodes: readonly Node[];
  readonly typeOf: (value: string) => TensorType;
  /** Whether a value is a constant of one element, which is no input of a kernel. */
  readonly isScalarConstant: (value: string) => boolean;
  readonly limits: GroupLimits;
}

/** The kind of a legal group; undefined where the nodes may not form one. */
export function groupKind(candidate: Candidate): GroupKind | undefined {
  const { nodes, limits } = candidate;
  const roles = new Set(nodes.map(roleOf));
  if (nodes.length === 1) return kindOfSingle(nodes[0] as Node);
  if (roles.has('opaque') || roles.has('reshape')) return undefined;
  if (nodes.length > mostNodes || countInputs(candidate) > limits.mostInputs) return undefined;
  if (new Set(nodes.map((node) => limits.apart.has(node))).size > 1) return undefined;
  const unpadded = linksOf(withoutHalo(candidate));
  if (roles.has('contraction')) return isContraction(unpadded) ? 'contraction' : undefined;
  if (roles.has('window')) return isWindow(unpadded) ? 'window' : undefined;
  if (roles.has('reduce') || roles.has('argreduce')) return isReduction(unpadded) ? 'reduction' : undefined;
  const links = linksOf(candidate);
  if (!computesOnce(links)) return undefined;
  if (roles.has('concat') || roles.has('pad')) return isCopy(links) ? 'copy' : undefined;
  return 'map';
}

/** The candidate without a pad that ends it and could write what the rest computes. */
function withoutHalo(candidate: Candidate): Candidate {
  const { nodes, isScalarConstant } = candidate;
  const last = nodes.at(-1);
  const isHalo = last?.op === 'pad' && last.attrs.mode === 'constant' && isScalarConstant(last.inputs[1] ?? '');
  return isHalo ? { ...candidate, nodes: nodes.slice(0, -1) } : candidate;
}

function kindOfSingle(node: Node): GroupKind {
  switch (roleOf(node)) {
    case 'elementwise':
    case 'view':
    case 'gather':
      return 'map';
    case 'concat':
    case 'pad':
      return 'copy';
    case 'reduce':
    case 'argreduce':
      return 'reduction';
    case 'reshape':
      return 'reshape';
    case 'window':
      return 'window';
    case 'contraction':
      return 'contraction';
    case 'opaque':
      return 'opaque';
  }
}

function countInputs({ nodes, isScalarConstant }: Candidate): number {
  const own = new Set(nodes.flatMap((node) => node.outputs.map((output) => output.name)));
  const inputs = new Set(
    nodes.flatMap((node) => node.inputs.filter((input) => !own.has(input) && !isScalarConstant(input))),
  );
  return inputs.size;
}

/** A candidate with what reads what inside it. */
interface Links extends Candidate {
  readonly producerOf: (value: string) => Node | undefined;
  readonly consumersOf: (node: Node) => readonly Node[];
}

function linksOf(candidate: Candidate): Links {
  const producers = new Map(
    candidate.nodes.flatMap((node) => node.outputs.map((output) => [output.name, node] as const)),
  );
  const consumers = new Map<Node, Node[]>();
  for (const node of candidate.nodes) {
    for (const input of new Set(node.inputs)) {
      const producer = producers.get(input);
      if (producer !== undefined) consumers.set(producer, [...(consumers.get(producer) ?? []), node]);
    }
  }
  return {
    ...candidate,
    producerOf: (value) => producers.get(value),
    consumersOf: (node) => consumers.get(node) ?? [],
  };
}

/** The nodes of the group that a node depends on. */
function ancestorsOf(node: Node, links: Links): ReadonlySet<Node> {
  const found = new Set<Node>();
  const visit = (at: Node): void => {
    for (const input of at.inputs) {
      const producer = links.producerOf(input);
      if (producer === undefined || found.has(producer)) continue;
      found.add(producer);
      visit(producer);
    }
  };
  visit(node);
  return found;
}

const shapeOf = (node: Node): Shape => node.outputs[0]?.type.shape ?? [];
const isElementwiseOn = (node: Node, shape: Shape): boolean =>
  roleOf(node) === 'elementwise' && shapeEquals(shapeOf(node), shape);

/** The only node of a role, or undefined where there are several. */
function single(links: Links, role: Role): Node | undefined {
  const found = links.nodes.filter((node) => roleOf(node) === role);
  return found.length === 1 ? found[0] : undefined;
}

function isContraction(links: Links): boolean {
  const anchor = single(links, 'contraction');
  if (anchor === undefined) return false;
  const before = ancestorsOf(anchor, links);
  return links.nodes.every((node) => {
    if (node === anchor) return true;
    if (!before.has(node)) return isElementwiseOn(node, shapeOf(anchor));
    const isPrologue = widensFactor(node, anchor, links) || (anchor.op === 'matmul' && isRowView(node, links));
    return isPrologue && links.consumersOf(node).length === 1;
  });
}

/** A cast that a product does itself: it takes such factors two at a time. */
export const widensFactor = (node: Node, reader: Node, { typeOf }: Pick<Candidate, 'typeOf'>): boolean =>
  node.op === 'cast' &&
  node.attrs.to === 'i32' &&
  ['i8', 'u8', 'i16'].includes(typeOf(node.inputs[0] ?? '').dtype) &&
  isProduct(reader) &&
  (depthOf(reader, typeOf) ?? 1) % 2 === 0;

/** A view whose result's memory order is, in the last two axes, that of its operand or its swap. */
function isRowView(node: Node, { typeOf }: Links): boolean {
  const rank = shapeOf(node).length;
  switch (node.op) {
    case 'transpose':
      return node.attrs.perm.indexOf(rank - 1) >= rank - 2;
    case 'slice':
      return node.attrs.steps.slice(-2).every((step) => step === 1);
    case 'broadcast_to': {
      const operand = typeOf(node.inputs[0] ?? '').shape;
      return operand.length >= 2 && shapeEquals(operand.slice(-2), shapeOf(node).slice(-2));
    }
    default:
      return false;
  }
}

function isWindow(links: Links): boolean {
  const anchor = single(links, 'window');
  if (anchor === undefined) return false;
  const before = ancestorsOf(anchor, links);
  const source = links.typeOf(anchor.inputs[0] ?? '').shape;
  return links.nodes.every((node) => {
    if (node === anchor) return true;
    if (!before.has(node)) return isElementwiseOn(node, shapeOf(anchor));
    return readsOnce(anchor) && isElementwiseOn(node, source);
  });
}

const readsOnce = (node: Node): boolean =>
  (node.op === 'window_max' || node.op === 'window_sum') &&
  node.attrs.dilations.every((dilation) => dilation === 1) &&
  node.attrs.window.every((size, axis) => size <= (node.attrs.strides[axis] ?? 1));

function isReduction(links: Links): boolean {
  const reductions = links.nodes.filter((node) => roleOf(node) === 'reduce' || roleOf(node) === 'argreduce');
  const [first] = reductions;
  if (first === undefined) return false;
  const full = links.typeOf(first.inputs[0] ?? '').shape;
  const axes = reducedAxes(first);
  const same = reductions.every(
    (node) => shapeEquals(links.typeOf(node.inputs[0] ?? '').shape, full) && reducedAxes(node).join() === axes.join(),
  );
  if (!same || (reductions.length > 1 && reductions.some((node) => roleOf(node) === 'argreduce'))) return false;
  const before = new Set(reductions.flatMap((node) => [...ancestorsOf(node, links)]));
  const after = descendantsOf(reductions, links);
  const goesBack = links.nodes.some((node) => after.has(node) && shapeEquals(shapeOf(node), full));
  if ((goesBack || reductions.length > 1) && !areLast(axes, full.length)) return false;
  const reduced = reductions.map(shapeOf);
  return links.nodes.every((node) => {
    if (reductions.includes(node) || isElementwiseOn(node, full)) return true;
    if (reduced.some((shape) => isElementwiseOn(node, shape))) return true;
    const isPrologue = before.has(node) && !after.has(node) && links.consumersOf(node).length === 1;
    return roleOf(node) === 'view' && isPrologue && isUncomputed(node, links);
  });
}

function reducedAxes(node: Node): readonly number[] {
  switch (node.op) {
    case 'reduce_sum':
    case 'reduce_prod':
    case 'reduce_max':
    case 'reduce_min':
      return node.attrs.axes.toSorted((a, b) => a - b);
    case 'argmax':
    case 'argmin':
      return [node.attrs.axis];
    default:
      return [];
  }
}

const areLast = (axes: readonly number[], rank: number): boolean =>
  axes.every((axis, i) => axis === rank - axes.length + i);

function descendantsOf(start: readonly Node[], links: Links): ReadonlySet<Node> {
  const found = new Set<Node>();
  for (const node of links.nodes) {
    const producers = node.inputs.map((input) => links.producerOf(input));
    if (producers.some((producer) => producer !== undefined && (start.includes(producer) || found.has(producer)))) {
      found.add(node);
    }
  }
  return found;
}

/** Whether what a view reads comes from the outside, through views only. */
function isUncomputed(node: Node, links: Links): boolean {
  if (roleOf(node) !== 'view') return false;
  return node.inputs.every((input) => {
    const producer = links.producerOf(input);
    return producer === undefined || isUncomputed(producer, links);
  });
}

function isCopy(links: Links): boolean {
  const end = links.nodes.at(-1);
  const copies = links.nodes.filter((node) => roleOf(node) === 'concat' || roleOf(node) === 'pad');
  if (end === undefined || copies.at(-1) !== end) return false;
  if (copies.length > 1)
    return copies.length === 2 && withoutHalo(links).nodes.at(-1) === copies[0] && copies[0]?.op === 'concat';
  return end.op !== 'pad' || end.attrs.mode === 'constant';
}

/** The rule of `map`, which holds for the part of a `copy` before its end as well. */
function computesOnce(links: Links): boolean {
  return links.nodes.every((node) => {
    if (isUncomputed(node, links)) return true;
    const consumers = links.consumersOf(node);
    if (isIndexArithmetic(node, consumers)) return true;
    const sameIndex = consumers.every((consumer) => roleOf(consumer) === 'elementwise');
    if (consumers.length > 1 && !sameIndex) return false;
    return consumers.every((consumer) => readsEachOnce(consumer, node));
  });
}

function isIndexArithmetic(node: Node, consumers: readonly Node[]): boolean {
  const kind = node.outputs[0] === undefined ? 'float' : dtypeTable[node.outputs[0].type.dtype].kind;
  const isInteger = roleOf(node) === 'elementwise' && kind !== 'float';
  const isRead = (consumer: Node): boolean =>
    roleOf(consumer) === 'gather' && node.outputs.every((output) => consumer.inputs[0] !== output.name);
  return isInteger && consumers.length === 1 && consumers.every(isRead);
}

function readsEachOnce(consumer: Node, producer: Node): boolean {
  switch (roleOf(consumer)) {
    case 'elementwise':
      return shapeEquals(shapeOf(consumer), shapeOf(producer));
    case 'view':
      return consumer.op !== 'broadcast_to';
    case 'concat':
      return consumer.inputs.filter((input) => producer.outputs.some((output) => output.name === input)).length === 1;
    case 'pad':
      return true;
    default:
      return false;
  }
}
