import loadWabt from 'wabt';
import type { Batch, KernelProgram, TaskProgram } from '../../../compiler/tune/measure/programs.ts';

/** Kernels that copy four floats, or fail to. */
const text = `(module
  (import "env" "memory" (memory 1 65536))
  (func $copy (export "copy") (param $from i32) (param $to i32)
    (v128.store (local.get $to) (v128.load (local.get $from))))
  (func (export "slow") (param $from i32) (param $to i32)
    (local $i i32)
    (loop $again
      (call $copy (local.get $from) (local.get $to))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 2000)))))
  (func (export "nearly") (param $from i32) (param $to i32)
    (v128.store (local.get $to) (f32x4.mul (v128.load (local.get $from)) (v128.const f32x4 1.00001 1 1 1))))
  (func (export "wrong") (param $from i32) (param $to i32)
    (v128.store (local.get $to) (f32x4.neg (v128.load (local.get $from)))))
  (func (export "partial") (param $from i32) (param $to i32)
    (f32.store (local.get $to) (f32.load (local.get $from))))
  (func (export "trap") (param i32 i32) unreachable)
  (func (export "beyond") (param $from i32) (param $to i32)
    (v128.store (i32.const -16) (v128.load (local.get $from))))
  (func (export "endless") (param i32 i32) (loop $again (br $again))))`;

async function assemble(): Promise<Uint8Array<ArrayBuffer>> {
  const wabt = await loadWabt();
  const module = wabt.parseWat('kernels.wat', text, { simd: true });
  try {
    return Uint8Array.from(module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}

const program = (name: string): KernelProgram => ({
  bytes: 256,
  inputs: [{ operand: 0, address: 64 }],
  outputs: [128],
  setup: [],
  steps: [{ name, args: [64, 128] }],
});

const tensor = { dtype: 'f32', shape: [4] } as const;

export const copyTask = async (reference = 'copy', anchor = 'copy'): Promise<TaskProgram> => ({
  id: `${reference} ${anchor}`,
  name: 'copy',
  module: await assemble(),
  operands: [tensor],
  outputs: [tensor],
  isRounded: false,
  reference: program(reference),
  anchor: program(anchor),
  cache: 'warm',
});

export const copyBatch = async (...names: readonly string[]): Promise<Batch> => ({
  module: await assemble(),
  kernels: names.map(program),
  isFinal: false,
});
