import { type DType, dtypes, isFloat } from '../../ir/dtype.ts';
import type { OpAttrs, OpName } from '../../ir/graph/op-attrs.ts';
import { binaryOps, supportsBinary, supportsUnary, unaryOps } from '../../ir/scalar.ts';
import { addOne } from './add-one.ts';
import type { Operand, Operands } from './operands.ts';

/** An operator of the graph on operands, whose types fit it. */
export interface Use {
  readonly op: OpName;
  readonly operands: readonly Operand[];
  readonly attrs: OpAttrs[OpName];
}

/** Ways to use operators, with data of a dtype; none where they do not take it. */
export type Uses = (dtype: DType, operands: Operands) => readonly Use[];

const use = <K extends OpName>(op: K, operands: readonly Operand[], attrs: OpAttrs[K]): Use => ({
  op,
  operands,
  attrs,
});

const when = (condition: boolean, uses: () => readonly Use[]): readonly Use[] => (condition ? uses() : []);

/** Where elements are only moved, their width is all that matters. */
const moved: ReadonlySet<DType> = new Set(['f32', 'f16', 'i8', 'i64', 'bool']);

/** Those in which operators are used in all ways: in the others, in the first. */
const thorough: ReadonlySet<DType> = new Set(['f32', 'i32']);
const inWays = (dtype: DType, uses: readonly Use[]): readonly Use[] => (thorough.has(dtype) ? uses : uses.slice(0, 1));

/** Kernels have these in f32 and f16. */
const refusedInF64: ReadonlySet<string> = new Set(
  'exp log sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf sigmoid pow'.split(' '),
);
const isCompiled = (op: string, dtype: DType): boolean => dtype !== 'f64' || !refusedInF64.has(op);
const moves =
  (uses: (operands: Operands) => readonly Use[]): Uses =>
  (dtype, operands) =>
    when(moved.has(dtype), () => uses(operands));

const reductions = { reduce_sum: 'add', reduce_prod: 'mul', reduce_max: 'max', reduce_min: 'min' } as const;
const flags = [false, true] as const;

/** i16 and u16 are as i8 and u8, in another width. */
const computed: ReadonlySet<DType> = new Set(dtypes.filter((dtype) => dtype !== 'i16' && dtype !== 'u16'));

const elementwise: Readonly<Record<string, Uses>> = {
  'one operand': (dtype, { awkward }) =>
    unaryOps
      .filter((op) => supportsUnary(op, dtype) && isCompiled(op, dtype))
      .map((op) => use(op, [awkward([27])], {})),
  'two operands': (dtype, { awkward, ordinary }) =>
    binaryOps
      .filter((op) => computed.has(dtype) && supportsBinary(op, dtype) && isCompiled(op, dtype))
      .map((op) => use(op, [awkward([27, 1]), isFloat(dtype) ? awkward([27]) : ordinary([27])], {})),
  'a choice': (_, { awkward, of }) => [use('select', [of('bool').ordinary([5, 1]), awkward([1, 7]), awkward([])], {})],
  conversions: (dtype, { awkward }) =>
    inWays(
      dtype,
      dtypes.filter((to) => to !== dtype).map((to) => use('cast', [awkward([29])], { to })),
    ),
  'bits as others': (dtype, { awkward }) =>
    (
      ({ f32: ['i32', 'u32'], i32: ['f32'], u32: ['i32'], f16: ['i16'], i16: ['u16'], f64: ['i64'] }) as Partial<
        Record<DType, readonly DType[]>
      >
    )[dtype]?.map((to) => use('bitcast', [awkward([13])], { to })) ?? [],
};

const movement: Readonly<Record<string, Uses>> = {
  layout: moves(({ awkward }) => [
    use('reshape', [awkward([3, 10])], { shape: [5, 1, 6] }),
    use('transpose', [awkward([3, 5, 7])], { perm: [2, 0, 1] }),
    use('transpose', [awkward([9, 13])], { perm: [1, 0] }),
    use('broadcast_to', [awkward([3, 1])], { shape: [2, 3, 5] }),
  ]),
  slices: moves(({ awkward }) => [
    use('slice', [awkward([7, 9])], { starts: [1, 8], sizes: [3, 4], steps: [2, -2] }),
    use('slice', [awkward([4, 3])], { starts: [2, 0], sizes: [0, 3], steps: [1, 1] }),
    use('concat', [awkward([2, 3]), awkward([2, 0]), awkward([2, 6])], { axis: 1 }),
    use('concat', [awkward([1, 5]), awkward([4, 5])], { axis: 0 }),
  ]),
  borders: moves(({ awkward }) => [
    use('pad', [awkward([3, 4]), awkward([])], { before: [0, 2], after: [1, 3], mode: 'constant' }),
    ...(['edge', 'reflect', 'wrap'] as const).map((mode) =>
      use('pad', [awkward([3, 5])], { before: [1, 2], after: [2, 1], mode }),
    ),
  ]),
  gathers: moves(({ awkward, of }) => [
    use('gather', [awkward([3, 7, 2]), of('i64').indices([2, 5], 7)], { axis: 1 }),
    use('gather', [awkward([11]), of('i32').indices([], 11)], { axis: 0 }),
    use('gather_elements', [awkward([3, 5]), of('i32').indices([3, 4], 5)], { axis: 1 }),
    use('gather_nd', [awkward([2, 3, 4]), of('i64').indices([2, 5, 1], 3)], { batchDims: 1 }),
  ]),
  'the index along an axis': (dtype) =>
    when(supportsBinary('add', dtype), () => [use('iota', [], { shape: [3, 7], axis: 1, dtype })]),
};

const scatters: Uses = (dtype, { ordinary, of }) =>
  (['none', 'add', 'mul', 'min', 'max'] as const)
    .filter((reduction) => reduction === 'none' || supportsBinary(reduction, dtype))
    .flatMap((reduction) => {
      // Without a reduction it is not said which of two updates of an element stays.
      const places = reduction === 'none' ? of('i64').distinct : of('i64').indices;
      return inWays(dtype, [
        use('scatter_elements', [ordinary([6, 3]), places([4, 3], 6), ordinary([4, 3])], { axis: 0, reduction }),
        use('scatter_nd', [ordinary([6, 5]), places([4, 1], 6), ordinary([4, 5])], { reduction }),
      ]);
    });

const reduction: Readonly<Record<string, Uses>> = {
  reductions: (dtype, { sparse }) =>
    (Object.keys(reductions) as (keyof typeof reductions)[])
      .filter((op) => supportsBinary(reductions[op], dtype))
      .flatMap((op) =>
        inWays(dtype, [
          use(op, [sparse([5, 33])], { axes: [1], keepDims: false }),
          use(op, [sparse([19, 6])], { axes: [0], keepDims: true }),
          use(op, [sparse([2, 3, 4, 5])], { axes: [0, 1, 2, 3], keepDims: false }),
          use(op, [sparse([4, 0])], { axes: [1], keepDims: false }),
        ]),
      ),
  'places of extremes': (dtype, { awkward }) =>
    when(supportsBinary('max', dtype), () =>
      (['argmax', 'argmin'] as const).flatMap((op) =>
        inWays(
          dtype,
          flags.map((selectLast) => use(op, [awkward([4, 29])], { axis: 1, keepDims: false, selectLast })),
        ),
      ),
    ),
  'running totals': (dtype, { ordinary }) =>
    (['cumsum', 'cumprod'] as const)
      .filter((op) => supportsBinary(op === 'cumsum' ? 'add' : 'mul', dtype))
      .flatMap((op) =>
        inWays(
          dtype,
          flags.map((flag) => use(op, [ordinary([3, 9, 2])], { axis: 1, exclusive: flag, reverse: !flag })),
        ),
      ),
  'the largest': (dtype, { awkward }) =>
    when(supportsBinary('max', dtype), () =>
      flags.map((largest) => use('topk', [awkward([3, 19])], { axis: 1, k: 4, largest })),
    ),
  windows: (dtype, { sparse }) =>
    (['window_sum', 'window_max'] as const)
      .filter((op) => supportsBinary(op === 'window_sum' ? 'add' : 'max', dtype))
      .flatMap((op) =>
        inWays(dtype, [
          use(op, [sparse([1, 3, 7, 9])], { window: [1, 1, 3, 2], strides: [1, 1, 2, 1], dilations: [1, 1, 1, 2] }),
          use(op, [sparse([11, 3])], { window: [3, 1], strides: [1, 1], dilations: [1, 1] }),
        ]),
      ),
};

const contraction: Readonly<Record<string, Uses>> = {
  'matrix products': (dtype, { sparse, ordinary, constant }) =>
    when(supportsBinary('mul', dtype), () =>
      inWays(dtype, [
        use('matmul', [sparse([5, 17]), constant(ordinary([17, 12]))], { transA: false, transB: false }),
        use('matmul', [sparse([2, 3, 9]), ordinary([5, 9])], { transA: false, transB: true }),
        use('matmul', [ordinary([8, 9]), sparse([8, 16])], { transA: true, transB: false }),
        use('matmul', [ordinary([1, 33]), constant(ordinary([33, 1]))], { transA: false, transB: false }),
        use('matmul', [ordinary([3, 0]), ordinary([0, 4])], { transA: false, transB: false }),
      ]),
    ),
  convolutions: (dtype, { sparse, ordinary, constant }) =>
    when(supportsBinary('mul', dtype), () => {
      const plain = { strides: [1, 1], dilations: [1, 1], groups: 1, channels: 'first' } as const;
      return inWays(dtype, [
        use('conv', [sparse([1, 5, 7, 9]), constant(ordinary([8, 5, 3, 3]))], plain),
        use('conv', [ordinary([2, 4, 6, 5]), constant(ordinary([12, 4, 1, 1]))], plain),
        use('conv', [ordinary([1, 6, 7, 7]), constant(ordinary([6, 1, 3, 3]))], {
          ...plain,
          strides: [2, 2],
          groups: 6,
        }),
        use('conv', [ordinary([1, 9, 8, 6]), ordinary([4, 3, 3, 2])], {
          ...plain,
          groups: 2,
          dilations: [2, 1],
          channels: 'last',
        }),
        use('conv', [ordinary([1, 3, 11]), ordinary([2, 3, 4])], { ...plain, strides: [1], dilations: [1] }),
      ]);
    }),
};

/** All operators of the graph but `fused`, which is what the compiler makes of them, by what they do. */
export const operators: Readonly<Record<string, Uses>> = {
  ...elementwise,
  ...movement,
  scatters,
  ...reduction,
  ...contraction,
  'an operator of the user': (dtype, { awkward }) =>
    when(dtype === 'f32', () => [use('call_tir', [awkward([7])], { func: addOne })]),
};
