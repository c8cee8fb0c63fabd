import type { Buffer, TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { walk } from '../../../ir/tensor/visit.ts';
import { staticElements } from '../../static-shape.ts';
import { variablesOf } from '../variables.ts';
import { placeBarriers } from './barriers.ts';
import type { FeatureSet } from './features.ts';
import { type Grid, gridOf } from './grid.ts';
import { newIdentifiers } from './identifiers.ts';
import type { KernelContext, ModuleContext } from './kernel-context.ts';
import { nameIndices } from './name-indices.ts';
import { numbersOf } from './never-nan.ts';
import { elementType, type Operand, operandsOf } from './operands.ts';
import { findPackedDots, noPackedDots } from './packed-dots.ts';
import { emitStmts, indent } from './statements.ts';
import { LANES } from './value-type.ts';
import { requireApart } from './workgroups.ts';

/** How a kernel is dispatched. Its bindings, all of group 0, are its inputs, its outputs and its global temporaries. */
export interface EntryPoint extends Grid {
  readonly name: string;
}

export interface EmittedKernel {
  readonly entryPoint: EntryPoint;
  readonly text: string;
  /** The features that it uses, of those that it may. */
  readonly used: FeatureSet;
}

/**
 * The buffers that a kernel binds, in the order of its bindings: those of which it says something, since the layout that a
 * device derives of its text has no others.
 */
export function boundBuffers({ inputs, outputs, temps, body }: TensorFunc): readonly Buffer[] {
  const used = new Set<string>();
  walk(body, {
    stmt: (node) => {
      if (node.kind === 'store') used.add(node.buffer);
    },
    expr: (node) => {
      if (node.kind === 'load') used.add(node.buffer);
    },
  });
  const global = temps.filter(({ scope }) => scope === 'global');
  return [...inputs, ...outputs, ...global].filter(({ name }) => used.has(name));
}

/** A kernel in flat form, and which of its inputs stand in a buffer that no kernel writes to. */
export interface WgslKernel {
  readonly func: TensorFunc;
  /** The same for devices with subgroups, where it is another: it binds the same buffers, and has as many workgroups. */
  readonly subgroups?: TensorFunc;
  readonly constants: ReadonlySet<string>;
}

/** The text of a kernel: its bindings, and the function that each invocation runs. */
export function emitKernel(
  module: ModuleContext,
  { func: plain, subgroups = plain, constants }: WgslKernel,
  nameOf: (name: string) => string,
): EmittedKernel {
  requireApart(plain);
  const func = nameIndices(module.features.has('subgroups') ? subgroups : plain);
  // Indices are formed from the names that they were given.
  const variables = { ...variablesOf(func), polynomials: new Map() };
  const operands = operandsOf(func, variables, module.features);
  const name = nameOf(func.name);
  const bound = boundBuffers(func);
  const global = new Map(
    [...bound, ...func.temps.filter(({ scope }) => scope === 'workgroup')].map((buffer) => [
      buffer.name,
      // Names of variables of the module belong to one kernel.
      nameOf(`${func.name}/${buffer.name}`),
    ]),
  );
  const localName = newIdentifiers([...global.values()]);
  const k: KernelContext = {
    ...module,
    func,
    variables,
    numbers: numbersOf(func),
    operands,
    grid: gridOf(func),
    barriers: placeBarriers(func, module.features.has('subgroups')),
    packedDots: module.features.has('packed_4x8_integer_dot_product') ? findPackedDots(func) : noPackedDots,
    used: new Set(),
    nameOf: (variable) => global.get(variable) ?? localName(variable),
  };
  const entryPoint = { name, ...k.grid };
  const locals = func.temps.filter(({ scope }) => scope === 'local' || scope === 'thread');
  const body = emitStmts(k, func.body);
  const bindings = bound.map((buffer, at) => {
    // Of one buffer, a dispatch may not bind some parts for reading only and others for writing.
    const access = constants.has(buffer.name) ? 'read' : 'read_write';
    return `@group(0) @binding(${at}) var<storage, ${access}> ${k.nameOf(buffer.name)}: array<${typeOf(k, buffer)}>;`;
  });
  const shared = func.temps
    .filter(({ scope }) => scope === 'workgroup')
    .map((buffer) => `var<workgroup> ${k.nameOf(buffer.name)}: ${arrayType(k, buffer)};`);
  const head = `@compute @workgroup_size(${entryPoint.workgroupSize.join(', ')})
fn ${name}(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) invocation_id: vec3<u32>,
) {`;
  const lines = [
    ...bindings,
    ...shared,
    '',
    head,
    ...indent([...locals.map((buffer) => `var ${k.nameOf(buffer.name)}: ${arrayType(k, buffer)};`), ...body]),
    '}',
  ];
  return { entryPoint, text: lines.join('\n'), used: k.used };
}

function typeOf(k: KernelContext, { name }: Buffer): string {
  const operand = k.operands.get(name) as Operand;
  if (operand.isOfHalves) k.used.add('shader-f16');
  return elementType(operand, operand.isOfVectors ? LANES : 1, k.func.name);
}

function arrayType(k: KernelContext, buffer: Buffer): string {
  const { isOfVectors } = k.operands.get(buffer.name) as Operand;
  const elements = staticElements(buffer.shape);
  return `array<${typeOf(k, buffer)}, ${isOfVectors ? Math.ceil(elements / LANES) : elements}>`;
}
