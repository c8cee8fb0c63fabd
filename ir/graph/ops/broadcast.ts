import { type Dim, dimEquals, printShape, type Shape } from '../../dim.ts';
import { check } from './checks.ts';

/** The shape to which numpy's rules broadcast both. Symbolic dimensions must be equal, or one of them 1. */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis): Dim => {
    const [left, right] = [a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1];
    if (left === 1) return right;
    check(right === 1 || dimEquals(left, right), () => `shapes ${printShape(a)} and ${printShape(b)} do not broadcast`);
    return left;
  });
}
