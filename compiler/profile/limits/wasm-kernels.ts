// The yardsticks are written by hand, apart from the compiler that they judge.

const times = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join('\n');

/** A loop that runs `count` times; `count` is a local of the function. */
const loop = (body: string): string => `(loop $again
${body}
(local.set $count (i32.sub (local.get $count) (i32.const 1)))
(br_if $again (local.get $count)))`;

/** Products and sums in chains of their own: 7 + 7 values and a factor fill the 15 registers that V8 gives. */
export const MUL_ADD = { chains: 7, unroll: 8 };

const mulAdd = `(func (export "mul_add") (param $count i32) (local $factor v128)
${times(MUL_ADD.chains, (i) => `(local $p${i} v128) (local $s${i} v128)`)}
(local.set $factor (v128.load (i32.const 0)))
${times(MUL_ADD.chains, (i) => `(local.set $p${i} (v128.load (i32.const ${16 * i})))`)}
${loop(
  times(
    MUL_ADD.unroll,
    () => `${times(MUL_ADD.chains, (i) => `(local.set $p${i} (f32x4.mul (local.get $p${i}) (local.get $factor)))`)}
${times(MUL_ADD.chains, (i) => `(local.set $s${i} (f32x4.add (local.get $s${i}) (local.get $p${i})))`)}`,
  ),
)}
${times(MUL_ADD.chains, (i) => `(v128.store (i32.const ${16 * i}) (local.get $s${i}))`)})`;

export const RELAXED_MADD = { chains: 12, unroll: 8 };

const relaxedMadd = `(func (export "relaxed_madd") (param $count i32) (local $a v128) (local $b v128)
${times(RELAXED_MADD.chains, (i) => `(local $s${i} v128)`)}
(local.set $a (v128.load (i32.const 0)))
(local.set $b (v128.load (i32.const 16)))
${loop(
  times(RELAXED_MADD.unroll, () =>
    times(
      RELAXED_MADD.chains,
      (i) => `(local.set $s${i} (f32x4.relaxed_madd (local.get $a) (local.get $b) (local.get $s${i})))`,
    ),
  ),
)}
${times(RELAXED_MADD.chains, (i) => `(v128.store (i32.const ${16 * i}) (local.get $s${i}))`)})`;

/** Bytes that a step of the loops over memory moves. */
export const STRIDE = 128;

const step = (pointer: string): string =>
  `(local.set $${pointer} (i32.add (local.get $${pointer}) (i32.const ${STRIDE})))`;

const read = `(func (export "read") (param $from i32) (param $count i32)
${times(8, (i) => `(local $s${i} v128)`)}
${loop(`${times(8, (i) => `(local.set $s${i} (v128.or (local.get $s${i}) (v128.load offset=${16 * i} (local.get $from))))`)}
${step('from')}`)}
${times(8, (i) => `(v128.store (i32.const ${16 * i}) (local.get $s${i}))`)})`;

const copy = `(func (export "copy") (param $from i32) (param $to i32) (param $count i32)
${loop(`${times(8, (i) => `(v128.store offset=${16 * i} (local.get $to) (v128.load offset=${16 * i} (local.get $from)))`)}
${step('from')}
${step('to')}`)})`;

const update = `(func (export "update") (param $from i32) (param $count i32)
${loop(`${times(8, (i) => `(v128.store offset=${16 * i} (local.get $from) (v128.not (v128.load offset=${16 * i} (local.get $from))))`)}
${step('from')}`)})`;

const fill = `(func (export "fill") (param $to i32) (param $count i32) (local $value v128)
${loop(`${times(8, (i) => `(v128.store offset=${16 * i} (local.get $to) (local.get $value))`)}
${step('to')}`)})`;

export const arithmeticWat = `(module (memory (export "memory") 1)\n${mulAdd}\n${relaxedMadd})`;
export const memoryWat = (pages: number): string =>
  `(module (memory (export "memory") ${pages})\n${[read, copy, update, fill].join('\n')})`;
