import type { Shape } from '../../ir/dim.ts';
import { invariant } from '../../ir/errors.ts';
import type { NodeOf, TensorType } from '../../ir/graph/graph.ts';
import { add, constant, floordiv, floormod, int, load, mul, store } from '../../ir/tensor/build.ts';
import type { Buffer, Expr } from '../../ir/tensor/tensor-func.ts';
import { type Lowering, type LoweringContext, type Operand, staticDim } from './lowering.ts';
import { byPair, byParity, matrixRow } from './matrix-rows.ts';
import type { WinogradTransforms } from './winograd-transforms.ts';

/**
 * Whether the algorithm is for a convolution: dense, with channels last and a window of 3 × 3 at every place, in f32, with
 * channels for a vector and more than one tile of results.
 */
export function isWinogradConv({ attrs }: NodeOf<'conv'>, x: TensorType, w: TensorType, size: number): boolean {
  const isPlain = [...attrs.strides, ...attrs.dilations, attrs.groups].every((value) => value === 1);
  const isStatic = [...x.shape, ...w.shape].every((extent) => typeof extent === 'number');
  if (attrs.channels !== 'last' || attrs.strides.length !== 2 || x.dtype !== 'f32' || !isPlain || !isStatic)
    return false;
  const [images, height, width] = x.shape as [number, number, number];
  const [outputs, inputs, ...kernel] = w.shape as readonly number[];
  const [rows, columns] = [height - 2, width - 2];
  const isLarge = images > 0 && Math.min(rows, columns) > 1 && Math.max(rows, columns) > size;
  return isLarge && kernel.every((extent) => extent === 3) && Math.min(outputs ?? 0, inputs ?? 0) >= 4;
}

/**
 * A convolution as (m + 2)² products of matrices, one for each element of the transformed tiles: t runs over tiles of
 * m × m results, c over inputs, k over outputs, and
 *
 *   U[ξ, ν, c, k] = G g G^T    V[ξ, ν, t, c] = B^T d B    M[ξ, ν, t, k] = Σ_c V · U    y = A^T M A
 *
 * The matrices are those of `winograd-transforms.ts`. Results round otherwise than those of a sum of products: for 64
 * inputs of normal data their error in f32, in parts of the root of the mean square of the results, is 2.7e-7 (root of
 * the mean square) and at most 1.7e-6 with m = 2, 1.5e-6 and 1.5e-5 with m = 4; for the sum of products it is 4.4e-7 and
 * 4.9e-6. An infinity or NaN of the input reaches all results of its tiles.
 *
 * Each transform is two blocks, first down the columns, then along the rows. The last is the convolution's result.
 * All others are marked with the part that they play, by which the rule that schedules them finds them.
 */
export const winogradConv =
  (transforms: WinogradTransforms): Lowering<'conv'> =>
  (node, context) => {
    const [x, w] = node.inputs.map((input) => context.operand(input));
    invariant(x !== undefined && w !== undefined, `${node.name} has two operands`);
    const tiles = tilesOf(node, transforms.results);
    const filter = transformFilter(context, transforms, w);
    const input = transformInput(context, transforms, wholeTiles(context, x, tiles), tiles);
    transformOutput(context, transforms, node, multiply(context, input, filter), tiles);
  };

/** How the results of a convolution lie in tiles; `size` results along both axes. */
interface Tiles {
  readonly size: number;
  readonly images: number;
  readonly rows: number;
  readonly columns: number;
}

function tilesOf(node: NodeOf<'conv'>, size: number): Tiles {
  const [images, height, width] = (node.outputs[0]?.type.shape ?? []).map(staticDim) as [number, number, number];
  return { size, images, rows: Math.ceil(height / size), columns: Math.ceil(width / size) };
}

/** The input with zeros below and at the right, so that every tile has all of its elements. */
function wholeTiles(context: LoweringContext, x: Operand, { size, rows, columns }: Tiles): Operand {
  const [images, height, width, channels] = x.type.shape as [number, number, number, number];
  const whole = [images, size * rows + 2, size * columns + 2, channels] as const;
  const [below, beside] = [whole[1] - height, whole[2] - width];
  if (below === 0 && beside === 0) return x;
  const type = { dtype: x.type.dtype, shape: whole };
  const padded = context.temp('winograd_whole', type);
  const write = (op: string, shape: Shape, start: Shape, element: (at: readonly Expr[]) => Expr): void => {
    if (shape.includes(0)) return;
    context.block(op, { spatial: shape }, (at) => {
      const moved = at.map((index, axis) => add(index, int(staticDim(start[axis]))));
      return { body: store(padded, moved, element(at)) };
    });
  };
  const zero = constant(0, type.dtype);
  write('winograd_below', [images, below, whole[2], channels], [0, height, 0, 0], () => zero);
  write('winograd_beside', [images, height, beside, channels], [0, 0, width, 0], () => zero);
  write('winograd_inside', x.type.shape, [0, 0, 0, 0], x.at);
  return { type, at: (indices) => load(padded, indices) };
}

function transformFilter(context: LoweringContext, { filter }: WinogradTransforms, w: Operand): Buffer {
  const [outputs, inputs] = w.type.shape.slice(0, 2).map(staticDim) as [number, number];
  const points = filter.length;
  const columns = context.temp('winograd_filter_columns', { dtype: 'f32', shape: [points, 3, inputs, outputs] });
  const whole = context.temp('winograd_filter', { dtype: 'f32', shape: [points, points, inputs, outputs] });
  block(context, 'filter-columns', columns, ([row, column, c, k]) =>
    matrixRow(filter, row, byParity, (tap) => w.at([k, c, tap, column])),
  );
  block(context, 'filter', whole, ([row, column, c, k]) =>
    matrixRow(filter, column, byParity, (tap) => load(columns, [row, tap, c, k])),
  );
  return whole;
}

function transformInput(
  context: LoweringContext,
  { input }: WinogradTransforms,
  x: Operand,
  { size, images, rows, columns }: Tiles,
): Buffer {
  const [tiles, channels] = [images * rows * columns, staticDim(x.type.shape[3])];
  const points = input.length;
  const shape = [points, points, tiles, channels];
  const half = context.temp('winograd_input_columns', { dtype: 'f32', shape });
  const whole = context.temp('winograd_input', { dtype: 'f32', shape });
  block(context, 'input-columns', half, ([row, column, tile, c]) => {
    const [line, image] = [floordiv(tile, int(columns)), floordiv(tile, int(rows * columns))];
    const place = (index: Expr, offset: Expr): Expr => add(mul(index, int(size)), offset);
    const at = (y: Expr): readonly Expr[] => [
      image,
      place(floormod(line, int(rows)), y),
      place(floormod(tile, int(columns)), column),
      c,
    ];
    return matrixRow(input, row, byParity, (y) => x.at(at(y)));
  });
  block(context, 'input', whole, ([row, column, tile, c]) =>
    matrixRow(input, column, byParity, (offset) => load(half, [row, offset, tile, c])),
  );
  return whole;
}

function multiply(context: LoweringContext, input: Buffer, filter: Buffer): Buffer {
  const [points, , tiles, inputs] = input.shape as [number, number, number, number];
  const shape = [points, points, tiles, filter.shape[3] as number];
  const product = context.temp('winograd_product', { dtype: 'f32', shape });
  context.block(
    'winograd_product',
    { spatial: shape, reduce: [inputs] },
    ([row, column, tile, k], [c]) => {
      const at = [row, column, tile, k] as Expr[];
      const element = load(input, [row, column, tile, c] as Expr[]);
      const weight = load(filter, [row, column, c, k] as Expr[]);
      return {
        init: store(product, at, constant(0, 'f32')),
        body: store(product, at, add(load(product, at), mul(element, weight))),
      };
    },
    { winograd: 'product' },
  );
  return product;
}

function transformOutput(
  context: LoweringContext,
  { output }: WinogradTransforms,
  node: NodeOf<'conv'>,
  product: Buffer,
  { size, rows, columns }: Tiles,
): void {
  const [, points, tiles, outputs] = product.shape as [number, number, number, number];
  const half = context.temp('winograd_output_columns', { dtype: 'f32', shape: [size, points, tiles, outputs] });
  block(context, 'output-columns', half, ([row, column, tile, k]) =>
    matrixRow(output, row, byPair, (point) => load(product, [point, column, tile, k])),
  );
  context.compute(node, (at) => {
    const [image, y, x, k] = at as Indices;
    const tile = add(mul(add(mul(image, int(rows)), floordiv(y, int(size))), int(columns)), floordiv(x, int(size)));
    return matrixRow(output, floormod(x, int(size)), byPair, (point) =>
      load(half, [floormod(y, int(size)), point, tile, k]),
    );
  });
}

type Indices = [Expr, Expr, Expr, Expr];

function block(context: LoweringContext, part: string, target: Buffer, element: (at: Indices) => Expr): void {
  const name = `winograd_${part.replace('-', '_')}`;
  context.block(name, { spatial: target.shape }, (at) => ({ body: store(target, at, element(at as Indices)) }), {
    winograd: part,
  });
}
