import { shapeEquals } from '../../ir/dim.ts';
import { byteSize, type DType } from '../../ir/dtype.ts';
import { invariant } from '../../ir/errors.ts';
import type { Graph, Node, TensorType } from '../../ir/graph/graph.ts';
import { opTable } from '../../ir/graph/op-table.ts';
import { isReshapeGroup } from './fuse/reshape-group.ts';
import { bytesOfType, elementsOf } from './tensor-sizes.ts';

/** Offsets in bytes from the start of one arena. */
export interface MemoryPlan {
  readonly arenaBytes: number;
  /** The size of each buffer that the arena is cut into, but the last. */
  readonly bufferBytes: number;
  /** Where each value stands that is no constant. */
  readonly values: ReadonlyMap<string, number>;
  /** Where the workspaces of each node stand, in the order in which they were asked for. */
  readonly temps: ReadonlyMap<string, readonly number[]>;
  /** The largest number of bytes in use at once: a bound below which no arena can be. */
  readonly peak: number;
  /** The same of values alone, without workspaces, and the node at which so much is in use, if there is one. */
  readonly liveValues: { readonly bytes: number; readonly node: string | undefined };
}

/** Bytes that are in use from one step to another, both included. Step i is node i; inputs come before, outputs after. */
export interface Block {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/** What kernels ask of the memory that values stand in. */
export interface MemoryRules {
  /** Of the place of each value, in bytes. */
  readonly alignment: number;
  readonly elementBytes: (dtype: DType) => number;
  /** Whether a kernel may write a result over an operand. */
  readonly inPlace: boolean;
  /** What a value or workspace takes at least. */
  readonly leastBytes: number;
  /** The arena is cut into buffers of this size, or of the largest block, if that is larger: none lies in two of them. */
  readonly bufferBytes: number;
}

export const linearMemory: MemoryRules = {
  alignment: 64,
  elementBytes: byteSize,
  inPlace: true,
  leastBytes: 0,
  bufferBytes: Number.POSITIVE_INFINITY,
};

/**
 * Gives every value of a fused graph with static shapes, and every workspace of a node, a place in one arena, so that
 * what is in use at the same time does not overlap. Inputs and outputs of the graph stand in the arena too: inputs are
 * in use from the start, outputs until the end. `temps` holds the bytes of each node's workspaces.
 *
 * Two rules let values share a place:
 * - alias: a group that is a single reshape is not run; its result is its operand;
 * - in place: the result of a group of elementwise operators takes the place of an operand that is not used afterwards,
 *   where all operators of the group work on that operand's shape, so that each element is read at the index where
 *   the result is written (and so before it is), and an element has the same size.
 *
 * Blocks are placed one after the other, each into the smallest gap that fits between those that are in use at the same
 * time, from the largest to the smallest (the greedy-by-size heuristic of Pisarchyk and Lee, 2020). Then the block that
 * made the arena largest is placed first, a few times over, and the best arena is taken. Throws an internal error where a
 * shape is not static.
 */
export function planMemory(
  graph: Graph,
  temps: ReadonlyMap<string, readonly number[]>,
  rules: MemoryRules = linearMemory,
): MemoryPlan {
  const { places, blocks } = placesOf(graph, rules);
  const owned = graph.nodes.flatMap((node, step) =>
    (temps.get(node.name) ?? []).map((bytes) => ({
      node: node.name,
      block: { bytes: align(bytes, rules), first: step, last: step },
    })),
  );
  const live = peakOf(blocks);
  const all = [...blocks, ...owned.map(({ block }) => block)];
  const bufferBytes = Math.max(rules.bufferBytes, ...all.map(({ bytes }) => bytes));
  const offsets = assignOffsets(all, bufferBytes);
  return {
    arenaBytes: endOf(all, offsets),
    bufferBytes,
    values: new Map([...places].map(([value, block]) => [value, offsets[block] ?? 0])),
    temps: groupByNode(
      graph,
      owned.map(({ node }, i) => ({ node, offset: offsets[blocks.length + i] ?? 0 })),
    ),
    peak: peakOf(all).bytes,
    liveValues: { bytes: live.bytes, node: graph.nodes[live.step]?.name },
  };
}

const align = (bytes: number, { alignment, leastBytes }: MemoryRules): number =>
  Math.ceil(Math.max(bytes, leastBytes) / alignment) * alignment;

function groupByNode(
  graph: Graph,
  temps: readonly { readonly node: string; readonly offset: number }[],
): ReadonlyMap<string, readonly number[]> {
  const byNode = Map.groupBy(temps, (temp) => temp.node);
  return new Map(graph.nodes.map(({ name }) => [name, (byNode.get(name) ?? []).map((temp) => temp.offset)]));
}

/** The block of each value, and each block's size and lifetime. */
function placesOf(
  graph: Graph,
  rules: MemoryRules,
): { readonly places: ReadonlyMap<string, number>; readonly blocks: readonly Block[] } {
  const lastUse = lastUses(graph);
  const places = new Map<string, number>();
  const blocks: Block[] = [];
  const open = (value: string, type: TensorType, first: number): void => {
    places.set(value, blocks.length);
    blocks.push({ bytes: align(requiredBytes(value, type, rules), rules), first, last: lastUse.get(value) ?? first });
  };
  const share = (value: string, block: number): void => {
    const { bytes, first, last } = blocks[block] as Block;
    places.set(value, block);
    blocks[block] = { bytes, first, last: Math.max(last, lastUse.get(value) ?? 0) };
  };
  const types = new Map(graph.inputs.map((input) => [input.name, input.type]));
  for (const input of graph.inputs) open(input.name, input.type, -1);
  graph.nodes.forEach((node, step) => {
    for (const output of node.outputs) {
      types.set(output.name, output.type);
      const shared = isReshapeGroup(node)
        ? places.get(node.inputs[0] ?? '')
        : !rules.inPlace
          ? undefined
          : overwritten(node, output.type, types, (value) => {
              const block = places.get(value);
              return block !== undefined && (blocks[block] as Block).last === step ? block : undefined;
            });
      if (shared === undefined) open(output.name, output.type, step);
      else share(output.name, shared);
    }
  });
  return { places, blocks };
}

/** The block of an operand in whose place the result may be written; `dying` gives an operand's block where it ends here. */
function overwritten(
  node: Node,
  result: TensorType,
  types: ReadonlyMap<string, TensorType>,
  dying: (value: string) => number | undefined,
): number | undefined {
  if (node.op !== 'fused') return undefined;
  const { nodes } = node.attrs.body;
  const sameIndex = nodes.every(
    (inner) =>
      opTable[inner.op].kind === 'elementwise' &&
      inner.outputs.every((output) => shapeEquals(output.type.shape, result.shape)),
  );
  if (!sameIndex || node.outputs.length !== 1) return undefined;
  for (const input of node.inputs) {
    const type = types.get(input);
    if (type === undefined || !shapeEquals(type.shape, result.shape)) continue;
    if (bytesOfType(type) !== bytesOfType(result)) continue;
    const block = dying(input);
    if (block !== undefined) return block;
  }
  return undefined;
}

function lastUses(graph: Graph): Map<string, number> {
  const last = new Map<string, number>();
  graph.nodes.forEach((node, step) => {
    for (const input of node.inputs) last.set(input, step);
  });
  for (const output of graph.outputs) last.set(output.value, graph.nodes.length);
  return last;
}

function requiredBytes(value: string, { dtype, shape }: TensorType, { elementBytes }: MemoryRules): number {
  const elements = elementsOf(shape);
  invariant(elements !== undefined, `value ${value} has no static shape when memory is planned`);
  return elements * elementBytes(dtype);
}

const livesWith = (a: Block, b: Block): boolean => a.first <= b.last && b.first <= a.last;

const mostRounds = 50;

/** An offset for each block: disjoint ranges where lifetimes overlap, each within one buffer of the arena. */
export function assignOffsets(
  blocks: readonly Block[],
  bufferBytes: number = Number.POSITIVE_INFINITY,
): readonly number[] {
  const bound = peakOf(blocks).bytes;
  let order = blocks.map((_, i) => i).sort((a, b) => bytesAt(blocks, b) - bytesAt(blocks, a) || a - b);
  let best = placeInOrder(blocks, order, bufferBytes);
  for (let round = 0, current = best; round < mostRounds && endOf(blocks, best) > bound; round++) {
    const end = endOf(blocks, current);
    const highest = order.filter((i) => (current[i] as number) + bytesAt(blocks, i) === end);
    order = [...highest, ...order.filter((i) => !highest.includes(i))];
    current = placeInOrder(blocks, order, bufferBytes);
    if (endOf(blocks, current) < endOf(blocks, best)) best = current;
  }
  return best;
}

const bytesAt = (blocks: readonly Block[], i: number): number => (blocks[i] as Block).bytes;

const endOf = (blocks: readonly Block[], offsets: readonly number[]): number =>
  blocks.reduce((end, { bytes }, i) => Math.max(end, (offsets[i] as number) + bytes), 0);

interface Placed {
  readonly block: Block;
  readonly offset: number;
}

function placeInOrder(blocks: readonly Block[], order: readonly number[], bufferBytes: number): readonly number[] {
  const offsets = new Array<number>(blocks.length).fill(0);
  const placed: Placed[] = [];
  for (const i of order) {
    const block = blocks[i] as Block;
    const offset = bestGap(
      block.bytes,
      placed.filter((other) => livesWith(block, other.block)),
      bufferBytes,
    );
    offsets[i] = offset;
    placed.push({ block, offset });
  }
  return offsets;
}

/** The start of the smallest gap of at least `bytes` between occupied ranges, else the end of them. */
function bestGap(bytes: number, occupied: readonly Placed[], bufferBytes: number): number {
  let [end, best, bestSize] = [0, -1, Number.POSITIVE_INFINITY];
  for (const { block, offset } of occupied.toSorted((a, b) => a.offset - b.offset)) {
    const start = startWithin(end, bytes, bufferBytes);
    const gap = offset - start;
    if (gap >= bytes && gap < bestSize) [best, bestSize] = [start, gap];
    end = Math.max(end, offset + block.bytes);
  }
  return best >= 0 ? best : startWithin(end, bytes, bufferBytes);
}

/** The first place from `at` on from which so many bytes lie in one buffer. */
export function startWithin(at: number, bytes: number, bufferBytes: number): number {
  const room = bufferBytes - (at % bufferBytes);
  return bytes <= room ? at : at + room;
}

/** The most bytes in use at a step, and the first step at which they are. */
function peakOf(blocks: readonly Block[]): { readonly bytes: number; readonly step: number } {
  const used = (step: number): number =>
    blocks.reduce((sum, block) => sum + (block.first <= step && step <= block.last ? block.bytes : 0), 0);
  return [...new Set(blocks.map((block) => block.first))]
    .map((step) => ({ step, bytes: used(step) }))
    .reduce((most, at) => (at.bytes > most.bytes ? at : most), { bytes: 0, step: 0 });
}
