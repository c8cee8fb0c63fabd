import { byteSize } from '../../ir/dtype.ts';
import { extract, variable } from '../../ir/tensor/build.ts';
import type { Buffer, Expr, Stmt, TensorFunc, Var } from '../../ir/tensor/tensor-func.ts';
import { rewrite, update } from '../../ir/tensor/visit.ts';
import { type Access, collectAccesses } from './accesses.ts';
import { declareRegisters } from './declare-registers.ts';
import { type FreshName, freshNames } from './names.ts';

const lanes = 4;
/** More registers than this are not worth their lets: no machine has them. */
const maxRegisters = 96;
/** Elements of a buffer in memory that is worth registers. */
const maxSmall = 16;

/**
 * Makes registers of local buffers, and of small temporaries in memory, whose indices are all constants: one for four elements that are only written
 * as a vector, else one for each element. Other local buffers become workspaces in the memory of the thread.
 *
 *   %c[ramp<4>(0)] = broadcast<4>(0f32)  …  %c[ramp<4>(0)] = %c[ramp<4>(0)] + …
 *   var c.0 = broadcast<4>(0f32) { …  c.0 := c.0 + … }
 */
export function promoteLocals(func: TensorFunc): TensorFunc {
  const accesses = Map.groupBy(collectAccesses(func.body), (access) => access.buffer);
  const candidates = func.temps.filter((temp) => isPrivate(temp, accesses.get(temp.name) ?? []));
  if (candidates.length === 0) return func;
  const fresh = freshNames(func);
  const plans = new Map(candidates.map((temp) => [temp.name, planSlots(temp, accesses.get(temp.name) ?? [], fresh)]));
  const spilled = candidates.filter((temp) => temp.scope === 'local' && plans.get(temp.name) === undefined);
  const memory = new Map(spilled.map((temp) => [temp.name, update(temp, { scope: 'thread' })]));
  const registers = new Map<string, Var>();
  for (const plan of plans.values()) for (const slot of plan?.values() ?? []) registers.set(slot.name, slot);
  const body = rewriteAccesses(func.body, plans);
  const temps = func.temps.flatMap((temp) =>
    plans.get(temp.name) === undefined ? [memory.get(temp.name) ?? temp] : [],
  );
  return { ...func, temps, body: declareRegisters(body, registers) };
}

/** Whether a temporary can be in registers: it is local, or in memory but small and of one thread. */
function isPrivate(temp: Buffer, accesses: readonly Access[]): boolean {
  if (temp.scope === 'local') return true;
  const [size] = temp.shape;
  if (Number(size) > maxSmall) return false;
  const threads = accesses.map(({ loops }) => loops.findLast((loop) => loop.loopKind === 'parallel'));
  return temp.scope === 'thread' || (temp.scope === 'global' && threads.every((loop) => loop === threads[0]));
}

/** The register of each element of a buffer; a vector register stands under each of its four. */
type Slots = ReadonlyMap<number, Var>;

interface Place {
  readonly element: number;
  readonly isVector: boolean;
}

function placeOf(index: Expr | undefined): Place | undefined {
  if (index?.kind === 'const') return { element: Number(index.value), isVector: false };
  if (index?.kind !== 'ramp' || index.base.kind !== 'const' || index.lanes !== lanes) return undefined;
  return { element: Number(index.base.value), isVector: true };
}

function planSlots(temp: Buffer, accesses: readonly Access[], fresh: FreshName): Slots | undefined {
  const vectors = new Set<number>();
  const scalars = new Set<number>();
  const scalarWrites = new Set<number>();
  for (const access of accesses) {
    const place = placeOf(access.indices[0]);
    if (place === undefined) return undefined;
    const group = Math.floor(place.element / lanes);
    if (place.isVector && place.element % lanes !== 0) return undefined;
    if (place.isVector) vectors.add(group);
    else scalars.add(place.element);
    if (!place.isVector && access.write) scalarWrites.add(group);
  }
  const isMixed = [...vectors].some((group) => scalarWrites.has(group));
  if (isMixed || vectors.size + scalars.size > maxRegisters || (vectors.size > 0 && byteSize(temp.dtype) > 4))
    return undefined;
  const slots = new Map<number, Var>();
  for (const group of vectors) {
    const slot = variable(fresh(temp.name), temp.dtype, lanes);
    for (let lane = 0; lane < lanes; lane++) slots.set(group * lanes + lane, slot);
  }
  for (const element of scalars) {
    if (!slots.has(element)) slots.set(element, variable(fresh(temp.name), temp.dtype));
  }
  return slots;
}

function rewriteAccesses(body: Stmt, plans: ReadonlyMap<string, Slots | undefined>): Stmt {
  return rewrite(body, {
    expr: (node) => {
      if (node.kind !== 'load') return node;
      const place = placeOf(node.indices[0]);
      const slot = place && plans.get(node.buffer)?.get(place.element);
      if (place === undefined || slot === undefined) return node;
      return slot.lanes === 1 || place.isVector ? slot : extract(slot, place.element % lanes);
    },
    stmt: (node) => {
      if (node.kind !== 'store') return node;
      const place = placeOf(node.indices[0]);
      const slot = place && plans.get(node.buffer)?.get(place.element);
      return slot === undefined ? node : { kind: 'assign', name: slot.name, value: node.value };
    },
  });
}
