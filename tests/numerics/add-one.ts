import { parseTensorFunc } from '../../ir/text/parse.ts';

/** An operator that the graph does not know. */
export const addOne = parseTensorFunc(`func @add_one(n)(%x: f32[n]) -> (%y: f32[n]) {
  for i in n { block y(v: spatial(n) = i) { %y[v] = %x[v] + 1f32 } }
}`);
