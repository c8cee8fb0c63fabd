import type { KernelContext } from './kernel-context.ts';
import { vectorOf } from './value-type.ts';

type IntegerOp = 'div' | 'mod' | 'floordiv' | 'floormod' | 'shl' | 'shr';
type Suffix = '' | 'x4';

/** Functions that a module defines where its kernels call them; those on vectors end in `x4`. */
export type HelperName =
  | 'infinity'
  | 'not_a_number'
  | `floormod_f32${Suffix}`
  | `${IntegerOp}_${'i32' | 'u32'}${Suffix}`;

export function callHelper(k: Pick<KernelContext, 'helpers'>, name: HelperName, operands: readonly string[]): string {
  k.helpers.add(name);
  return `${name}(${operands.join(', ')})`;
}

/** The functions by these names, in a fixed order. */
export const printHelpers = (used: ReadonlySet<HelperName>): readonly string[] => [...used].toSorted().map(printHelper);

/** The bits of what no constant expression may be. */
const specialBits: Readonly<Partial<Record<HelperName, string>>> = {
  infinity: '0x7f800000u',
  not_a_number: '0x7fc00000u',
};

function printHelper(name: HelperName): string {
  const bits = specialBits[name];
  if (bits !== undefined)
    return `var<private> ${name}_bits: u32 = ${bits};\n\nfn ${name}() -> f32 {\n  return bitcast<f32>(${name}_bits);\n}`;
  const lanes = name.endsWith('x4') ? 4 : 1;
  const [op = '', scalar = ''] = name.replace(/x4$/, '').split('_');
  const type = vectorOf(scalar, lanes);
  return `fn ${name}(a: ${type}, b: ${type}) -> ${type} {\n${bodyOf(op, type, vectorOf('u32', lanes))}\n}`;
}

/** Division by zero gives 0, a shift by the width or more gives 0 or the sign: WGSL says otherwise, or nothing. */
function bodyOf(op: string, type: string, unsigned: string): string {
  const isFloat = type.includes('f32');
  const isSigned = type.includes('i32');
  const zero = `${type}()`;
  switch (op) {
    case 'div':
      return `  return select(a / b, ${zero}, b == ${zero});`;
    case 'mod':
      return `  return select(a % b, ${zero}, b == ${zero});`;
    case 'floordiv':
      return isSigned
        ? `  let quotient = a / b;\n  let floored = select(quotient, quotient - ${type}(1), (a % b != ${zero}) & ((a < ${zero}) != (b < ${zero})));\n  return select(floored, ${zero}, b == ${zero});`
        : `  return select(a / b, ${zero}, b == ${zero});`;
    case 'floormod': {
      const rest = '  let rest = a % b;\n';
      const floored = `select(rest, rest + b, (rest != ${zero}) & ((rest < ${zero}) != (b < ${zero})))`;
      if (isFloat) return `${rest}  return ${floored};`;
      return isSigned ? `${rest}  return select(${floored}, ${zero}, b == ${zero});` : bodyOf('mod', type, unsigned);
    }
    case 'shl':
      return `  return select(a << (${unsigned}(b) & ${unsigned}(31)), ${zero}, ${unsigned}(b) >= ${unsigned}(32));`;
    default:
      return isSigned
        ? `  return a >> min(${unsigned}(b), ${unsigned}(31));`
        : `  return select(a >> (b & ${unsigned}(31)), ${zero}, b >= ${unsigned}(32));`;
  }
}
