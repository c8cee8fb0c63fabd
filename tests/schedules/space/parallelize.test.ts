import { describe, expect, test } from 'vitest';
import type { Stmt, TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { walk } from '../../../ir/tensor/visit.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';
import { asDecided } from '../../../schedules/decision.ts';
import { Schedule } from '../../../schedules/schedule.ts';
import { type ParallelAxis, parallelAxes } from '../../../schedules/space/context.ts';
import { parallelize } from '../../../schedules/space/parallelize.ts';
import { wasmSimd } from '../../../schedules/target/target.ts';

const context = { target: wasmSimd, constants: new Set(['w']) };

/** The loops of a function from the outermost in, parallel ones with a star. */
function loopsOf(func: TensorFunc): readonly string[] {
  const loops: string[] = [];
  walk(func.body, {
    stmt: (stmt: Stmt) => {
      if (stmt.kind === 'for') loops.push(stmt.loopVar + (stmt.loopKind === 'parallel' ? '*' : ''));
    },
  });
  return loops;
}

function parallelized(func: string | Schedule, parallel?: ParallelAxis): readonly string[] {
  const schedule = typeof func === 'string' ? new Schedule(parseTensorFunc(func)) : func;
  parallelize(schedule, { ...context, ...(parallel && { parallel }) });
  return loopsOf(schedule.func);
}

const image = (batch: number, height: number): string => `
func @f(%x: f32[${batch}, ${height}, 20, 64]) -> (%y: f32[${batch}, ${height}, 20, 64]) {
  for n in ${batch} { for h in ${height} { for w in 20 { for c in 64 {
    block A(vn: spatial(${batch}) = n, vh: spatial(${height}) = h, vw: spatial(20) = w, vc: spatial(64) = c) {
      %y[vn, vh, vw, vc] = %x[vn, vh, vw, vc]
    }
  } } } }
}`;

describe('parallelize', () => {
  test('takes the outermost loop where it has enough iterations', () => {
    expect(parallelized(image(9, 30))).toEqual(['n*', 'h', 'w', 'c']);
  });

  test('else moves the first that has to the outside', () => {
    expect(parallelized(image(2, 30))).toEqual(['h*', 'n', 'w', 'c']);
    expect(parallelized(image(2, 3))).toEqual(['w*', 'n', 'h', 'c']);
  });

  test('divides along the axis that is asked for', () => {
    const loops = { auto: 'h*', batch: 'n*', height: 'h*', width: 'w*', channel: 'c*' };
    for (const axis of parallelAxes) expect(parallelized(image(2, 30), axis)[0], axis).toBe(loops[axis]);
  });

  test('leaves a nest whose iterations depend on one another, and those of a reduction', () => {
    const sum = `func @f(%x: f32[64, 32]) -> (%y: f32[32]) {
      for k in 64 { for i in 32 {
        block A(vi: spatial(32) = i, vk: reduce(64) = k) { init { %y[vi] = 0f32 } %y[vi] = %y[vi] + %x[vk, vi] }
      } }
    }`;
    expect(parallelized(sum)).toEqual(['k', 'i']);
    const overlapping = `func @f(%x: f32[64]) -> (%y: f32[65]) {
      for i in 64 { for j in 2 { block A(vi: spatial(64) = i, vj: spatial(2) = j) { %y[vi + vj] = %x[vi] } } }
    }`;
    expect(parallelized(overlapping)).toEqual(['i', 'j']);
  });

  test('leaves a packing of constants, which is run when the model is compiled', () => {
    const packing = `func @f(%w: f32[64]) -> (%y: f32[64]) {
      for i in 64 { block A(vi: spatial(64) = i) { %y[vi] = %w[63 - vi] } }
    }`;
    expect(parallelized(packing)).toEqual(['i']);
  });

  test('is a decision of the trace', () => {
    const none = new Schedule(parseTensorFunc(image(9, 30)), asDecided(new Map([['A.parallel', '']])));
    expect(parallelized(none)).toEqual(['n', 'h', 'w', 'c']);
    expect(none.trace).toEqual([
      { primitive: 'sample-categorical', name: 'A.parallel', candidates: ['n', 'h', 'w', 'c', ''], decision: 4 },
    ]);
    const width = new Schedule(parseTensorFunc(image(9, 30)), asDecided(new Map([['A.parallel', 'w']])));
    expect(parallelized(width)).toEqual(['w*', 'n', 'h', 'c']);
  });
});
