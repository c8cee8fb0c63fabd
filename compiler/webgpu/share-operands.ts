import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { rewrite } from '../../ir/tensor/visit.ts';
import type { Kernel } from '../kernels.ts';

/**
 * Lets a kernel read operands that are the same memory by one name, since a dispatch may not bind a place twice that it
 * could write to. `operands` gives, of each operand of the group, which is the first that is the same memory.
 *
 *   … %a[i] + %b[i] …  of a and b, which is a reshaped      →      … %a[i] + %a[i] …
 */
export function shareOperands(kernel: Kernel, operands: readonly number[]): Kernel {
  const names = new Map<number, string>();
  const same = new Map<string, string>();
  for (const [i, { name }] of kernel.operands.inputs.entries()) {
    const { source, pack } = kernel.inputs[i] ?? { source: i };
    const first = operands[source] ?? source;
    const known = names.get(first);
    if (pack !== undefined) continue;
    if (known === undefined) names.set(first, name);
    else same.set(name, known);
  }
  if (same.size === 0) return kernel;
  const lowered = kernel.lowered.map((phase) => renamed(phase, same));
  const subgroups = kernel.subgroups?.map((phase) => renamed(phase, same));
  return { ...kernel, lowered, relaxed: { ...kernel.relaxed, lowered }, ...(subgroups && { subgroups }) };
}

/** A function in flat form, in which buffers have lost their shapes. */
function renamed(func: TensorFunc, same: ReadonlyMap<string, string>): TensorFunc {
  const nameOf = (name: string): string => same.get(name) ?? name;
  const inputs = new Map(func.inputs.map((input) => [nameOf(input.name), { ...input, name: nameOf(input.name) }]));
  return {
    ...func,
    inputs: [...inputs.values()],
    body: rewrite(func.body, {
      expr: (expr) => (expr.kind === 'load' ? { ...expr, buffer: nameOf(expr.buffer) } : expr),
    }),
  };
}
