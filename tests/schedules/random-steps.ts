import { isStatic } from '../../ir/dim.ts';
import { int, sub, variable } from '../../ir/tensor/build.ts';
import type { Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { rewrite, substitute } from '../../ir/tensor/visit.ts';
import { readBy, readersOf, writersOf, writtenBy } from '../../schedules/analysis/accesses.ts';
import { threadAxes } from '../../schedules/analysis/carried.ts';
import { blockSites, loopSites } from '../../schedules/analysis/nests.ts';
import { primitives } from '../../schedules/primitives/table.ts';
import type { PackedDim, PrimitiveName, Step } from '../../schedules/trace.ts';
import type { Choices } from '../generators/random.ts';

const moves: readonly PrimitiveName[] = ['compute-at', 'reverse-compute-at', 'reverse-compute-inline'];

/** A step that names what the function has; whether it is legal is another matter. */
export function randomStep(func: TensorFunc, choices: Choices): Step {
  const loops = loopSites(func).map(({ loop }) => loop.loopVar);
  const sites = blockSites(func);
  const loop = () => choices.pick(loops) ?? 'none';
  const block = () => choices.pick(sites).block.name;
  const buffer = () => choices.pick([...func.inputs, ...func.temps, ...func.temps, ...func.outputs]).name;
  const scope = () => choices.pick(['global', 'local'] as const);
  /** Loops around one block, from one of them inward. */
  const chain = () => {
    const names = choices.pick(sites).loops.map(({ loopVar }) => loopVar);
    return names.slice(choices.below(Math.max(names.length - 1, 1)));
  };
  /** A block that writes a temp and, mostly, a loop around one that reads it. */
  const move = () => {
    const temp = choices.pick(func.temps)?.name ?? '';
    const readers = readersOf(sites, temp).flatMap(({ loops: around }) => around.map(({ loopVar }) => loopVar));
    const [writer] = writersOf(sites, temp);
    return {
      block: writer?.block.name ?? block(),
      loop: choices.chance(4) ? loop() : (choices.pick(readers) ?? loop()),
    };
  };
  /** A block that reads what another writes and, mostly, a loop around that one. */
  const moveBack = () => {
    const name = reader();
    const reads = sites.filter(({ block: { name: own } }) => own === name).flatMap((site) => [...readBy(site)]);
    const around = reads
      .flatMap((read) => writersOf(sites, read))
      .flatMap(({ loops: outer }) => outer.map(({ loopVar }) => loopVar));
    return { block: name, loop: choices.chance(4) ? loop() : (choices.pick(around) ?? loop()) };
  };
  /** Mostly a block that reads what another writes. */
  const reader = () => {
    const written = [...func.temps, ...func.outputs].filter(({ name }) => writersOf(sites, name).length > 0);
    const readers = written.flatMap(({ name }) => readersOf(sites, name).filter((site) => !writtenBy(site).has(name)));
    return choices.pick(readers)?.block.name ?? block();
  };
  const makers: Readonly<Record<PrimitiveName, () => Step>> = {
    'sample-categorical': () => ({
      primitive: 'sample-categorical',
      name: 'size',
      candidates: [1, 2],
      decision: choices.below(3),
    }),
    split: () => ({
      primitive: 'split',
      loop: loop(),
      factors: choices.chance(4) ? [null, 2, 2] : [null, 1 + choices.below(5)],
    }),
    fuse: () => ({ primitive: 'fuse', loops: chain().slice(0, 2 + choices.below(2)) }),
    reorder: () => ({ primitive: 'reorder', loops: shuffled(chain(), choices) }),
    tile: () => ({
      primitive: 'tile',
      loops: chain().slice(0, 2 + choices.below(2)),
      factors: Array.from({ length: 2 + (choices.chance(4) ? 1 : 0) }, () => 1 + choices.below(4)),
    }),
    'loop-partition': () => ({
      primitive: 'loop-partition',
      loop: loop(),
      at: choices.chance(3) ? [1, 3] : [1 + choices.below(4)],
    }),
    vectorize: () => ({ primitive: 'vectorize', loop: loop() }),
    unroll: () => ({ primitive: 'unroll', loop: loop() }),
    parallel: () => ({ primitive: 'parallel', loop: loop() }),
    bind: () => ({ primitive: 'bind', loop: loop(), axis: choices.pick(threadAxes) }),
    annotate: () => ({ primitive: 'annotate', target: loop(), key: 'mark', value: choices.below(9) }),
    'compute-inline': () => ({ primitive: 'compute-inline', block: block() }),
    'compute-at': () => ({ primitive: 'compute-at', ...move() }),
    'reverse-compute-inline': () => ({ primitive: 'reverse-compute-inline', block: reader() }),
    'reverse-compute-at': () => ({ primitive: 'reverse-compute-at', ...moveBack() }),
    pad: () => {
      const { block: padded } = choices.pick(sites);
      return {
        primitive: 'pad',
        block: padded.name,
        multiples: padded.iters.map(() => choices.pick([1, 2, 4])),
      };
    },
    'set-scope': () => ({ primitive: 'set-scope', buffer: buffer(), scope: scope() }),
    'cache-write': () => ({ primitive: 'cache-write', block: block(), scope: scope() }),
    'cache-read': () => ({ primitive: 'cache-read', block: block(), buffer: buffer(), scope: scope() }),
    'reindex-cache-read': () => ({ primitive: 'reindex-cache-read', block: block(), buffer: buffer(), scope: scope() }),
    'decompose-reduction': () => ({ primitive: 'decompose-reduction', block: block(), loop: loop() }),
    rfactor: () => ({ primitive: 'rfactor', loop: loop(), axis: choices.below(2) }),
    'transform-layout': () => {
      const name = buffer();
      return { primitive: 'transform-layout', buffer: name, layout: randomLayout(func, name, choices) };
    },
  };
  const names = Object.keys(primitives) as PrimitiveName[];
  return makers[choices.pick<PrimitiveName>([...names, 'split', 'reorder', ...moves, ...moves])]();
}

function randomLayout(func: TensorFunc, name: string, choices: Choices): readonly PackedDim[] {
  const shape = [...func.inputs, ...func.temps, ...func.outputs].find((one) => one.name === name)?.shape ?? [];
  const parts = shape.flatMap((extent, dim): readonly PackedDim[] => {
    if (!isStatic(extent) || choices.chance(2)) return [{ dim }];
    const tile = 2 + choices.below(3);
    return [
      { dim, div: tile },
      { dim, mod: tile },
    ];
  });
  return shuffled(parts, choices);
}

export function shuffled<T>(items: readonly T[], choices: Choices): readonly T[] {
  const rest = [...items];
  return items.flatMap(() => rest.splice(choices.below(rest.length), 1));
}

/**
 * The function with the loops whose iterations run at the same time run backwards, which must change nothing where their iterations
 * are independent.
 */
export function backwards(func: TensorFunc): TensorFunc {
  const turn = (stmt: Stmt): Stmt => {
    if (stmt.kind !== 'for' || stmt.loopKind === 'serial' || stmt.loopKind === 'unrolled') return stmt;
    const last = sub(sub(stmt.extent, int(1)), variable(stmt.loopVar));
    return { ...stmt, body: substitute(stmt.body, new Map([[stmt.loopVar, last]])) };
  };
  return { ...func, body: rewrite(func.body, { stmt: turn }) };
}
