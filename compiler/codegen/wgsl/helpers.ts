import { floatHelpers } from './float-helpers.ts';
import type { Helper } from './helper.ts';
import { integerHelpers } from './integer-helpers.ts';
import type { KernelContext } from './kernel-context.ts';
import { LANES, type ScalarType, vectorOf } from './value-type.ts';

const helpers = { ...floatHelpers, ...integerHelpers };
type ScalarHelper = keyof typeof helpers;

/** Functions that a module defines where its kernels call them; those on vectors end in `x4`. */
export type HelperName = ScalarHelper | `${ScalarHelper}x4`;

/** A call of a function on scalars, or of the same one on vectors. */
export function callHelper(
  k: Pick<KernelContext, 'helpers'>,
  name: ScalarHelper,
  operands: readonly string[],
  lanes = 1,
): string {
  const called: HelperName = lanes === 1 ? name : `${name}x4`;
  k.helpers.add(called);
  return `${called}(${operands.join(', ')})`;
}

/** The functions by these names, and those that they call, in a fixed order; before them, the bits that stand for no number. */
export function printHelpers(used: ReadonlySet<HelperName>): readonly string[] {
  const all = new Set<string>();
  const add = (name: string): void => {
    all.add(name);
    const scalar = scalarName(name);
    const { calls = [], isByLane }: Helper = helpers[scalar];
    for (const called of [...calls, ...(isByLane && name !== scalar ? [scalar] : [])])
      if (!all.has(called)) add(called);
  };
  used.forEach(add);
  const functions = [...all].toSorted().map(printHelper);
  const variables = Object.entries(bits).filter(([name]) => functions.some((text) => text.includes(name)));
  return [...variables.map(([name, value]) => `var<private> ${name}: u32 = ${value};`), ...functions];
}

/** What no constant expression may be is made of variables. */
const bits = { infinity_bits: '0x7f800000u', not_a_number_bits: '0x7fc00000u' };

const scalarName = (name: string): ScalarHelper => name.replace(/x4$/, '') as ScalarHelper;

function printHelper(name: string): string {
  const scalar = scalarName(name);
  const { params, type, result = type, isByLane, body }: Helper = helpers[scalar];
  const lanes = name === scalar ? 1 : LANES;
  const names = params === '' ? [] : params.split(', ');
  const types = {
    type: vectorOf(type, lanes),
    of: (one: ScalarType) => vectorOf(one, lanes),
    splat: (value: string, one = type) => (lanes === 1 ? value : `${vectorOf(one, lanes)}(${value})`),
  };
  const head = `fn ${name}(${names.map((one) => `${one}: ${types.type}`).join(', ')}) -> ${vectorOf(result, lanes)} {`;
  // A loop, since drivers would put the body in place of each of four calls.
  const laneByLane = [
    `var lanes: ${vectorOf(result, lanes)};`,
    `for (var lane = 0; lane < ${LANES}; lane++) {`,
    `  lanes[lane] = ${scalar}(${names.map((one) => `${one}[lane]`).join(', ')});`,
    '}',
    'return lanes;',
  ];
  const lines = isByLane && lanes > 1 ? laneByLane : body(types);
  return [head, ...lines.map((line) => `  ${line}`), '}'].join('\n');
}
