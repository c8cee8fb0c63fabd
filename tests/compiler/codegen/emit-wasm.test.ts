import { describe, expect, test } from 'vitest';
import loadWabt from 'wabt';
import { emitWasm, emitWat } from '../../../compiler/codegen/wasm/index.ts';
import { lowerSchedule } from '../../../compiler/tensor-passes/index.ts';
import { symbolDim } from '../../../ir/dim.ts';
import {
  add,
  binary,
  block,
  broadcast,
  buffer,
  constant,
  extract,
  floordiv,
  int,
  less,
  load,
  loop,
  mul,
  ramp,
  seq,
  store,
  sub,
  variable,
} from '../../../ir/tensor/build.ts';
import { interpretFunc } from '../../../ir/tensor/interpret.ts';
import type { Stmt, TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';
import { scheduledGemm } from '../tensor-passes/programs.ts';
import { runKernel } from './run-kernel.ts';

const data = buffer('data', 'f32', [64]);
const out = buffer('out', 'f32', [64]);
const kernel = (body: Stmt, parts: Partial<TensorFunc> = {}): TensorFunc => ({
  name: 'kernel',
  sizes: [],
  inputs: [data],
  outputs: [out],
  temps: [],
  body,
  ...parts,
});
const copy = (i = 'i') => store(out, [variable(i)], load(data, [variable(i)]));
const ones: TensorData = { dtype: 'f32', shape: [64], data: Float32Array.from({ length: 64 }, (_, i) => i + 1) };
const textOf = async (...kernels: readonly TensorFunc[]): Promise<string> => emitWat(await emitWasm(kernels));

/** The instructions of each loop that has no other inside, in the order of the text. */
function innermostLoops(text: string): readonly (readonly string[])[] {
  const ends = [...text.matchAll(/\(loop/g)].map(({ index }) => closing(text, index));
  const bodies = [...text.matchAll(/\(loop/g)].map(({ index }, i) => text.slice(index + 1, ends[i]));
  const innermost = bodies.filter((body) => !body.includes('(loop'));
  return innermost.map((body) => [...body.matchAll(/\((\w+(?:\.\w+)+)/g)].map(([, name]) => name as string));
}

function closing(text: string, from: number): number {
  let depth = 0;
  for (let at = from; ; at++) {
    if (text[at] === '(') depth++;
    if (text[at] === ')' && --depth === 0) return at;
  }
}

const innermost = (text: string): readonly string[] => innermostLoops(text).at(-1) ?? [];
const count = (names: readonly string[], name: string): number => names.filter((one) => one === name).length;

describe('the innermost loop of a scheduled matrix product', () => {
  test('does no integer arithmetic but to move two pointers and to compare one', async () => {
    const func = lowerSchedule(scheduledGemm({ m: 20, n: 32, k: 64, rows: 5, columns: 8, steps: 2 }));
    const names = innermost(await textOf(func));
    expect(names.filter((name) => name.startsWith('i32.') && name !== 'i32.const')).toEqual([
      'i32.add',
      'i32.add',
      'i32.ne',
    ]);
    expect(count(names, 'v128.load')).toBe(4);
    expect(count(names, 'v128.load32_splat')).toBe(10);
    expect(count(names, 'f32x4.mul')).toBe(20);
    expect(count(names, 'f32x4.add')).toBe(20);
  });

  test('has a pointer for each row where the distance of rows is known at run time', async () => {
    const func = lowerSchedule(scheduledGemm({ m: 8, n: 32, k: symbolDim('k'), rows: 4, columns: 8, steps: 1 }));
    const loops = innermostLoops(await textOf(func)).filter((names) => names.includes('f32x4.mul'));
    expect(loops).toHaveLength(1);
    expect(count(loops[0] ?? [], 'v128.load32_splat')).toBe(4);
    expect(count(loops[0] ?? [], 'i32.mul')).toBe(0);
    expect(count(loops[0] ?? [], 'i32.add')).toBe(5);
  });
});

describe('a loop', () => {
  test('counts only where its variable is read', async () => {
    const counted = innermost(await textOf(kernel(loop('i', int(64), copy()))));
    expect(count(counted, 'i32.add')).toBe(1 + 1);
  });

  test('without a pointer counts down', async () => {
    const sum = { kind: 'assign', name: 's', value: add(variable('s', 'f32'), constant(1, 'f32')) } as const;
    const body = seq([loop('i', int(10), sum), store(out, [int(0)], variable('s', 'f32'))]);
    const func = kernel({ kind: 'let', name: 's', mutable: true, value: constant(0, 'f32'), body });
    expect(innermost(await textOf(func))).toContain('i32.sub');
    const [result] = await runKernel(func, [ones]);
    expect(result?.data[0]).toBe(10);
  });

  test('that may have no round has none', async () => {
    const func = kernel(loop('i', variable('n'), copy()), { sizes: ['n'] });
    const untouched = await runKernel(func, [ones], new Map([['n', 0]]));
    const written = await runKernel(func, [ones], new Map([['n', 2]]));
    expect(written[0]?.data.slice(0, 2)).toEqual(Float32Array.of(1, 2));
    expect(written[0]?.data.slice(2)).toEqual(untouched[0]?.data.slice(2));
  });

  test('is tested at its end only, where its extent is a constant', async () => {
    expect(await textOf(kernel(loop('i', int(64), copy())))).not.toContain('(if');
    expect(await textOf(kernel(loop('i', variable('n'), copy()), { sizes: ['n'] }))).toContain('(if');
  });

  test('with more streams than registers adds one offset to what does not change', async () => {
    const [buffers, sources] = [Array.from({ length: 14 }, (_, i) => buffer(`b${i}`, 'f32', [64])), variable('i')];
    const sum = buffers.map((one) => load(one, [sources])).reduce(add);
    const func = kernel(loop('i', int(64), store(out, [sources], sum)), { inputs: buffers });
    const names = innermost(await textOf(func));
    expect(count(names, 'local.set')).toBe(1);
    const inputs = buffers.map(() => ones);
    const [result] = await runKernel(func, inputs);
    expect(result?.data).toEqual(interpretFunc(func, inputs)[0]?.data);
  });
});

describe('an address', () => {
  test('that falls is formed from a pointer that falls', async () => {
    const func = kernel(loop('i', int(64), store(out, [variable('i')], load(data, [sub(int(63), variable('i'))]))));
    const [result] = await runKernel(func, [ones]);
    expect(result?.data).toEqual(ones.data.slice().reverse());
  });

  test('shares its pointer with those that differ by a constant', async () => {
    const at = (offset: number) => load(data, [add(variable('i'), int(offset))]);
    const func = kernel(loop('i', int(60), store(out, [variable('i')], add(at(0), add(at(1), at(3))))));
    const text = await textOf(func);
    expect(text).toContain('f32.load offset=4');
    expect(text).toContain('f32.load offset=12');
    expect(count(innermost(text), 'i32.add')).toBe(2);
  });

  test('with a quotient is formed once a round', async () => {
    const quotient = mul(floordiv(variable('i'), int(3)), int(2));
    const sum = add(load(data, [quotient]), load(data, [add(quotient, int(1))]));
    const func = kernel(loop('i', int(64), store(out, [variable('i')], sum)));
    const [result] = await runKernel(func, [ones]);
    expect(result?.data).toEqual(interpretFunc(func, [ones])[0]?.data);
    expect(count(innermost(await textOf(func)), 'i32.div_u')).toBe(1);
  });
});

describe('a module', () => {
  test('is read back by wabt, and holds every kernel under its name', async () => {
    const gemm = lowerSchedule(scheduledGemm({ m: 7, n: 12, k: 9, rows: 4, columns: 8, steps: 2 }));
    const bytes = await emitWasm([gemm, kernel(loop('i', int(64), copy()), { name: 'a name, with "any" letters' })]);
    const wabt = await loadWabt();
    const parsed = wabt.parseWat('kernels.wat', await emitWat(bytes), { simd: true });
    parsed.validate();
    const again = await WebAssembly.compile(Uint8Array.from(parsed.toBinary({}).buffer));
    const module = await WebAssembly.compile(Uint8Array.from(bytes));
    const names = [gemm.name, 'a name, with "any" letters'];
    expect(WebAssembly.Module.exports(module).map(({ name }) => name)).toEqual(names);
    expect(WebAssembly.Module.exports(again)).toEqual(WebAssembly.Module.exports(module));
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
  });

  test('has the same bytes each time', async () => {
    const make = () => emitWasm([lowerSchedule(scheduledGemm({ m: 7, n: 12, k: 9, rows: 4, columns: 8, steps: 2 }))]);
    expect(await make()).toEqual(await make());
  });

  test('imports a memory within the given limits', async () => {
    const bytes = await emitWasm([kernel(loop('i', int(64), copy()))], { minPages: 3, maxPages: 5 });
    expect(await emitWat(bytes)).toContain('(import "env" "memory" (memory (;0;) 3 5))');
  });

  test('sets a vector constant of a loop before it', async () => {
    const index = ramp(mul(variable('i'), int(4)), 4);
    const value = binary('mul', load(data, [index]), broadcast(constant(3, 'f32'), 4));
    const text = await textOf(kernel(loop('i', int(16), store(out, [index], value))));
    expect(text.indexOf('v128.const')).toBeLessThan(text.indexOf('(loop'));
    expect(innermost(text)).not.toContain('v128.const');
  });

  test('without kernels is a module', async () => {
    expect(WebAssembly.Module.exports(await WebAssembly.compile(Uint8Array.from(await emitWasm([]))))).toEqual([]);
  });
});

describe('what is not in flat form is an internal error', () => {
  const local = buffer('tile', 'f32', [4], 'local');
  const cases: Readonly<Record<string, TensorFunc>> = {
    'a block': kernel(block({ name: 'b', iters: [], body: store(out, [int(0)], constant(0, 'f32')) })),
    'a vectorized loop': kernel(loop('i', int(64), copy(), 'vectorized')),
    'a thread-bound loop': kernel(loop('i', int(64), copy(), 'workgroup.x')),
    'two indices': kernel(store(out, [int(0), int(1)], constant(0, 'f32'))),
    'eight lanes': kernel(store(out, [ramp(int(0), 8)], broadcast(constant(0, 'f32'), 8))),
    'a vector of f64': kernel(store(out, [int(0)], extract(broadcast(constant(0, 'f64'), 4), 0))),
    'a local buffer': kernel(copy(), { temps: [local] }),
    'a variable that is not defined': kernel(store(out, [variable('nowhere')], constant(0, 'f32'))),
    'a function that legalize-math expands': kernel(
      store(out, [int(0)], { kind: 'unary', dtype: 'f32', op: 'exp', operand: load(data, [int(0)]) }),
    ),
    'a condition on a float': kernel(
      store(out, [int(0)], { kind: 'unary', dtype: 'f32', op: 'bitnot', operand: load(data, [int(0)]) }),
    ),
    'a value of another dtype than the buffer': kernel(store(out, [int(0)], less(int(0), int(1)))),
  };

  test.each(Object.entries(cases))('%s', async (_, func) => {
    await expect(emitWasm([func])).rejects.toThrow(/internal error/);
  });

  test('two kernels of one name', async () => {
    await expect(emitWasm([kernel(copy()), kernel(copy())])).rejects.toThrow('two kernels have the same name');
  });
});
