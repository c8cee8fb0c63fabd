import { describe, expect, test } from 'vitest';
import { commonSubexpressions } from '../../../compiler/tensor-passes/common-subexpressions.ts';
import { compactBuffers } from '../../../compiler/tensor-passes/compact-buffers.ts';
import { flattenBuffers } from '../../../compiler/tensor-passes/flatten-buffers.ts';
import { hoistInvariants } from '../../../compiler/tensor-passes/hoist-invariants.ts';
import { interleave } from '../../../compiler/tensor-passes/interleave.ts';
import { joinLoads } from '../../../compiler/tensor-passes/join-loads.ts';
import { lowerBlocks } from '../../../compiler/tensor-passes/lower-blocks.ts';
import { partitionLoops } from '../../../compiler/tensor-passes/partition-loops.ts';
import { promoteLocals } from '../../../compiler/tensor-passes/promote-locals.ts';
import { unroll } from '../../../compiler/tensor-passes/unroll.ts';
import { vectorize } from '../../../compiler/tensor-passes/vectorize.ts';
import { UnsupportedError } from '../../../ir/errors.ts';
import { interpretFunc } from '../../../ir/tensor/interpret.ts';
import { simplifyFunc } from '../../../ir/tensor/simplify.ts';
import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';
import { randomInputs } from '../../generators/tensor-func.ts';

type Pass = (func: TensorFunc) => TensorFunc;

/** The simplified result of a pass, as text. */
const after = (pass: Pass, text: string): string => printTensorFunc(simplifyFunc(pass(parseTensorFunc(text))));
const canonical = (text: string): string => printTensorFunc(simplifyFunc(parseTensorFunc(text)));

interface Case {
  readonly name: string;
  readonly pass: Pass;
  readonly from: string;
  readonly to: string;
}

const cases: readonly Case[] = [
  {
    name: 'interleave lets independent computations of an innermost loop take turns',
    pass: interleave,
    from: `func @f(%x: f32[8]) -> (%y: f32[8]) {
      for i in 4 {
        let a = %x[i * 2] { let b = a:f32 * a:f32 { %y[i * 2] = b:f32 + a:f32 } }
        let c = %x[i * 2 + 1] { let d = c:f32 * c:f32 { %y[i * 2 + 1] = d:f32 + c:f32 } }
      }
    }`,
    to: `func @f(%x: f32[8]) -> (%y: f32[8]) {
      for i in 4 {
        let a = %x[i * 2] { let c = %x[i * 2 + 1] {
          let b = a:f32 * a:f32 { let d = c:f32 * c:f32 {
            %y[i * 2] = b:f32 + a:f32
            %y[i * 2 + 1] = d:f32 + c:f32
          } }
        } }
      }
    }`,
  },
  {
    name: 'interleave leaves a computation after the one that writes what it reads',
    pass: interleave,
    from: `func @f(%x: f32[9]) -> (%y: f32[9]) {
      %y[0] = 0f32
      for i in 4 {
        let a = %x[i] { %y[i * 2 + 1] = a:f32 * a:f32 }
        let b = %y[i * 2] + 1f32 { %y[i * 2 + 2] = b:f32 * b:f32 }
      }
    }`,
    to: `func @f(%x: f32[9]) -> (%y: f32[9]) {
      %y[0] = 0f32
      for i in 4 {
        let a = %x[i] { %y[i * 2 + 1] = a:f32 * a:f32 }
        let b = %y[i * 2] + 1f32 { %y[i * 2 + 2] = b:f32 * b:f32 }
      }
    }`,
  },
  {
    name: 'compact-buffers shrinks a row that each iteration writes before it reads it',
    pass: compactBuffers,
    from: `func @f(%x: f32[16, 8]) -> (%y: f32[16, 8]) {
      temp %t: f32[16, 8] global
      for i in 16 {
        for j in 8 { block A(vi: spatial(16) = i, vj: spatial(8) = j) { %t[vi, vj] = %x[vi, vj] * 2f32 } }
        for k in 8 { block B(wi: spatial(16) = i, wj: spatial(8) = k) { %y[wi, wj] = %t[wi, wj] + 1f32 } }
      }
    }`,
    to: `func @f(%x: f32[16, 8]) -> (%y: f32[16, 8]) {
      temp %t: f32[8] global
      for i in 16 {
        for j in 8 { block A(vi: spatial(16) = i, vj: spatial(8) = j) { %t[vj] = %x[vi, vj] * 2f32 } }
        for k in 8 { block B(wi: spatial(16) = i, wj: spatial(8) = k) { %y[wi, wj] = %t[wj] + 1f32 } }
      }
    }`,
  },
  {
    name: 'compact-buffers gives each thread of a parallel loop a buffer of its own',
    pass: compactBuffers,
    from: `func @f(%x: f32[16, 8]) -> (%y: f32[16, 8]) {
      temp %t: f32[16, 4, 8] global
      for p in 16 parallel {
        for q in 4 {
          for j in 8 { %t[p, q, j] = %x[p, j] * 2f32 }
          for k in 8 { %y[p, k] = %t[p, q, k] + 1f32 }
        }
      }
    }`,
    to: `func @f(%x: f32[16, 8]) -> (%y: f32[16, 8]) {
      temp %t: f32[8] thread
      for p in 16 parallel {
        for q in 4 {
          for j in 8 { %t[j] = %x[p, j] * 2f32 }
          for k in 8 { %y[p, k] = %t[k] + 1f32 }
        }
      }
    }`,
  },
  {
    name: 'compact-buffers leaves a buffer of which only the diagonal is written before it is read',
    pass: compactBuffers,
    from: `func @f(%x: f32[16, 4]) -> (%y: f32[16, 4, 4]) {
      temp %t: f32[16, 4, 4] global
      for p in 16 {
        if %x[p, 0] > 0f32 { for a in 4 { for b in 4 { %t[p, a, b] = 1f32 } } }
        for i in 4 { %t[p, i, i] = %x[p, i] }
        for j in 4 { for k in 4 { %y[p, j, k] = %t[p, j, k] } }
      }
    }`,
    to: `func @f(%x: f32[16, 4]) -> (%y: f32[16, 4, 4]) {
      temp %t: f32[16, 4, 4] global
      for p in 16 {
        if %x[p, 0] > 0f32 { for a in 4 { for b in 4 { %t[p, a, b] = 1f32 } } }
        for i in 4 { %t[p, i, i] = %x[p, i] }
        for j in 4 { for k in 4 { %y[p, j, k] = %t[p, j, k] } }
      }
    }`,
  },
  {
    name: 'compact-buffers shrinks what tiles write that end in the middle of one, and finds divided indices together',
    pass: compactBuffers,
    from: `func @f(%x: f32[3, 6]) -> (%y: f32[3, 6]) {
      temp %t: f32[18] global
      for i in 3 {
        for j in 2 { for k in 4 {
          block A(v: spatial(18) = i * 6 + j * 4 + k) where j * 4 + k < 6 { %t[v] = %x[i, j * 4 + k] }
        } }
        for l in 3 { for m in 2 {
          block B(r: spatial(36) = i * 12 + l * 4 + m) { %y[i, l * 2 + m] = %t[floordiv(r, 4) * 2 + floormod(r, 4)] }
        } }
      }
    }`,
    to: `func @f(%x: f32[3, 6]) -> (%y: f32[3, 6]) {
      temp %t: f32[6] global
      for i in 3 {
        for j in 2 { for k in 4 {
          block A(v: spatial(18) = i * 6 + j * 4 + k) where j * 4 + k < 6 { %t[j * 4 + k] = %x[i, j * 4 + k] }
        } }
        for l in 3 { for m in 2 {
          block B(r: spatial(36) = i * 12 + l * 4 + m) { %y[i, l * 2 + m] = %t[l * 2 + m] }
        } }
      }
    }`,
  },
  {
    name: 'compact-buffers shrinks what is written under a test of rows that follows from the test of tiles where it is read',
    pass: compactBuffers,
    from: `func @f(%x: f32[20]) -> (%y: f32[20]) {
      temp %t: f32[20] local
      for i in 2 { for j in 3 {
        for k in 5 { block A(v: spatial(20) = i * 15 + j * 5 + k) where i * 15 + j * 5 + k < 20 { %t[v] = %x[v] } }
        for l in 5 { block B(w: spatial(20) = i * 15 + j * 5 + l) where i * 3 + j < 4 { %y[w] = %t[w] } }
      } }
    }`,
    to: `func @f(%x: f32[20]) -> (%y: f32[20]) {
      temp %t: f32[5] local
      for i in 2 { for j in 3 {
        for k in 5 { block A(v: spatial(20) = i * 15 + j * 5 + k) where i * 15 + j * 5 + k < 20 { %t[k] = %x[v] } }
        for l in 5 { block B(w: spatial(20) = i * 15 + j * 5 + l) where i * 3 + j < 4 { %y[w] = %t[l] } }
      } }
    }`,
  },
  {
    name: 'compact-buffers leaves what a test keeps from being written in the same iteration, elsewhere than it is read',
    pass: compactBuffers,
    from: `func @f(%x: f32[24]) -> (%y: f32[20]) {
      temp %t: f32[24] local
      for i in 2 {
        for j in 3 { for k in 4 { if j + i < 2 { %t[i * 12 + j * 4 + k] = %x[i * 12 + j * 4 + k] } } }
        for l in 2 { for m in 6 { if l + i < 2 { %y[i * 10 + l * 4 + m] = %t[i * 12 + l * 4 + m] } } }
      }
    }`,
    to: `func @f(%x: f32[24]) -> (%y: f32[20]) {
      temp %t: f32[24] local
      for i in 2 {
        for j in 3 { for k in 4 { if j + i < 2 { %t[i * 12 + j * 4 + k] = %x[i * 12 + j * 4 + k] } } }
        for l in 2 { for m in 6 { if l + i < 2 { %y[i * 10 + l * 4 + m] = %t[i * 12 + l * 4 + m] } } }
      }
    }`,
  },
  {
    name: 'compact-buffers leaves what is carried from one iteration to the next',
    pass: compactBuffers,
    from: `func @f(%x: f32[16]) -> (%y: f32[16]) {
      temp %t: f32[17] global
      %t[0] = 0f32
      for i in 16 { %t[i + 1] = %t[i] + %x[i]  %y[i] = %t[i + 1] }
    }`,
    to: `func @f(%x: f32[16]) -> (%y: f32[16]) {
      temp %t: f32[17] global
      %t[0] = 0f32
      for i in 16 { %t[i + 1] = %t[i] + %x[i]  %y[i] = %t[i + 1] }
    }`,
  },
  {
    name: 'lower-blocks puts the init before the outermost reduce loop',
    pass: lowerBlocks,
    from: `func @f(%x: f32[4, 8]) -> (%y: f32[4]) {
      for k in 8 {
        for i in 4 {
          block S(vi: spatial(4) = i, vk: reduce(8) = k) {
            init { %y[vi] = 0f32 }
            %y[vi] = %y[vi] + %x[vi, vk]
          }
        }
      }
    }`,
    to: `func @f(%x: f32[4, 8]) -> (%y: f32[4]) {
      for i.1 in 4 { %y[i.1] = 0f32 }
      for k in 8 { for i in 4 { %y[i] = %y[i] + %x[i, k] } }
    }`,
  },
  {
    name: 'lower-blocks tests for the first instance where other statements stand in the reduce loop',
    pass: lowerBlocks,
    from: `func @f(%x: f32[8]) -> (%y: f32[1], %z: f32[8]) {
      for k in 8 {
        block S(vk: reduce(8) = k) { init { %y[0] = 0f32 } %y[0] = %y[0] + %x[vk] }
        %z[k] = %y[0]
      }
    }`,
    to: `func @f(%x: f32[8]) -> (%y: f32[1], %z: f32[8]) {
      for k in 8 {
        if k == 0 { %y[0] = 0f32 }
        %y[0] = %y[0] + %x[k]
        %z[k] = %y[0]
      }
    }`,
  },
  {
    name: 'join-loads takes elements of one aligned vector from it, where the buffer is only read',
    pass: joinLoads,
    from: `func @f(%x: f32[64], %z: f32[8]) -> (%y: f32[8], %u: f32[8]) {
      for i in 2 {
        %y[i * 4] = %x[i * 32 + 5] + %x[i * 32 + 6] + %x[i * 32 + 8] + %x[i * 3] + %x[i * 3 + 1]
        %u[i * 4] = %u[i * 4 + 1] + %u[i * 4 + 2] + %z[4] + %z[5]
      }
    }`,
    to: `func @f(%x: f32[64], %z: f32[8]) -> (%y: f32[8], %u: f32[8]) {
      for i in 2 {
        %y[i * 4] = extract<1>(%x[ramp<4>(i * 32 + 4)]) + extract<2>(%x[ramp<4>(i * 32 + 4)]) + %x[i * 32 + 8] + %x[i * 3] + %x[i * 3 + 1]
        %u[i * 4] = %u[i * 4 + 1] + %u[i * 4 + 2] + extract<0>(%z[ramp<4>(4)]) + extract<1>(%z[ramp<4>(4)])
      }
    }`,
  },
  {
    name: 'partition-loops drops a test that holds in no iteration, and does not split a loop for it',
    pass: partitionLoops,
    from: `func @f(%x: f32[8]) -> (%y: f32[8]) {
      for i in 8 { if i + 10 < 5 { %y[i] = 1f32 } else { %y[i] = %x[i] } }
    }`,
    to: `func @f(%x: f32[8]) -> (%y: f32[8]) {
      for i in 8 { %y[i] = %x[i] }
    }`,
  },
  {
    name: 'partition-loops says of what the parts of a parallel loop are parts, one of a single iteration too',
    pass: partitionLoops,
    from: `func @f(%x: f32[8]) -> (%y: f32[8]) {
      for i in 8 parallel { if i >= 1 { %y[i] = %x[i - 1] } else { %y[i] = 0f32 } }
    }`,
    to: `func @f(%x: f32[8]) -> (%y: f32[8]) {
      for i.1 in 1 parallel {from = 0, of = 8} { %y[0] = 0f32 }
      for i in 7 parallel {from = 1, of = 8} { %y[i + 1] = %x[i + 1 - 1] }
    }`,
  },
  {
    name: 'partition-loops takes the test out of the main part',
    pass: partitionLoops,
    from: `func @f(%x: f32[11]) -> (%y: f32[11]) {
      for i in 4 { for j in 3 unrolled { if i * 3 + j < 11 { %y[i * 3 + j] = %x[i * 3 + j] } } }
    }`,
    to: `func @f(%x: f32[11]) -> (%y: f32[11]) {
      for i in 3 { for j in 3 unrolled { %y[i * 3 + j] = %x[i * 3 + j] } }
      for j.1 in 2 unrolled { %y[j.1 + 9] = %x[j.1 + 9] }
    }`,
  },
  {
    name: 'partition-loops keeps full vectors where only the last one is partial',
    pass: partitionLoops,
    from: `func @f(%x: f32[14]) -> (%y: f32[14]) {
      for i in 2 { for j in 2 unrolled { for l in 4 vectorized {
        if i * 8 + j * 4 + l < 14 { %y[i * 8 + j * 4 + l] = %x[i * 8 + j * 4 + l] }
      } } }
    }`,
    to: `func @f(%x: f32[14]) -> (%y: f32[14]) {
      for j in 2 unrolled { for l in 4 vectorized { %y[j * 4 + l] = %x[j * 4 + l] } }
      for l.1 in 4 vectorized { %y[l.1 + 8] = %x[l.1 + 8] }
      %y[12] = %x[12]
      %y[13] = %x[13]
    }`,
  },
  {
    name: 'partition-loops leaves of two levels of tiles the full blocks, the full tiles after them, and one lower tile',
    pass: partitionLoops,
    from: `func @f(%x: f32[64]) -> (%y: f32[64]) {
      for group in 3 { for tile in 4 { for k in 8 { for row in 6 unrolled {
        if group * 24 + tile * 6 + row < 64 && group * 4 + tile < 11 {
          %y[group * 24 + tile * 6 + row] = %y[group * 24 + tile * 6 + row] + %x[group * 24 + tile * 6 + row]
        }
      } } } }
    }`,
    to: `func @f(%x: f32[64]) -> (%y: f32[64]) {
      for group in 2 { for tile in 4 { for k in 8 { for row in 6 unrolled {
        %y[group * 24 + tile * 6 + row] = %y[group * 24 + tile * 6 + row] + %x[group * 24 + tile * 6 + row]
      } } } }
      for tile.1 in 2 { for k.1 in 8 { for row.1 in 6 unrolled {
        %y[tile.1 * 6 + row.1 + 48] = %y[tile.1 * 6 + row.1 + 48] + %x[tile.1 * 6 + row.1 + 48]
      } } }
      for k.2 in 8 { for row.2 in 4 unrolled {
        %y[row.2 + 60] = %y[row.2 + 60] + %x[row.2 + 60]
      } }
    }`,
  },
  {
    name: 'partition-loops splits a loop where a test is decided for all values of the loops outside',
    pass: partitionLoops,
    from: `func @f(%x: f32[14]) -> (%y: f32[14]) {
      for row in 4 { for tile in 4 { if tile * 4 + row < 14 { %y[tile * 4 + row] = %x[tile * 4 + row] } } }
    }`,
    to: `func @f(%x: f32[14]) -> (%y: f32[14]) {
      for row in 2 { for tile in 4 { %y[tile * 4 + row] = %x[tile * 4 + row] } }
      for row.1 in 2 { for tile.1 in 3 { %y[tile.1 * 4 + row.1 + 2] = %x[tile.1 * 4 + row.1 + 2] } }
    }`,
  },
  {
    name: 'partition-loops peels both ends of a padded loop',
    pass: partitionLoops,
    from: `func @f(%x: f32[8]) -> (%y: f32[8]) {
      for i in 8 { for k in 3 { if i + k >= 1 && i + k < 9 { %y[i] = %y[i] + %x[i + k - 1] } } }
    }`,
    to: `func @f(%x: f32[8]) -> (%y: f32[8]) {
      for k.1 in 2 { %y[0] = %y[0] + %x[k.1] }
      for i in 6 { for k in 3 { %y[i + 1] = %y[i + 1] + %x[i + k] } }
      for k.3 in 2 { %y[7] = %y[7] + %x[k.3 + 6] }
    }`,
  },
  {
    name: 'unroll expands loops and renames what they bind',
    pass: unroll,
    from: `func @f(%x: f32[2]) -> (%y: f32[2]) {
      for i in 2 unrolled { let t = %x[i] { %y[i] = t:f32 * t:f32 } }
    }`,
    to: `func @f(%x: f32[2]) -> (%y: f32[2]) {
      let t = %x[0] { %y[0] = t:f32 * t:f32 }
      let t.1 = %x[1] { %y[1] = t.1:f32 * t.1:f32 }
    }`,
  },
  {
    name: 'vectorize makes ramps, broadcasts and a scalar rest',
    pass: vectorize,
    from: `func @f(%x: f32[2, 6], %s: f32[2]) -> (%y: f32[2, 6]) {
      for i in 2 { for j in 6 vectorized { %y[i, j] = %x[i, j] * %s[i] } }
    }`,
    to: `func @f(%x: f32[2, 6], %s: f32[2]) -> (%y: f32[2, 6]) {
      for i in 2 {
        %y[i, ramp<4>(0)] = %x[i, ramp<4>(0)] * broadcast<4>(%s[i])
        for j.2 in 2 unrolled { %y[i, j.2 + 4] = %x[i, j.2 + 4] * %s[i] }
      }
    }`,
  },
  {
    name: 'vectorize leaves 64-bit elements and loads that a select guards',
    pass: vectorize,
    from: `func @f(%x: f64[8], %p: f32[6]) -> (%y: f64[8], %q: f32[8]) {
      for i in 8 vectorized { %y[i] = %x[i] * 2f64 }
      for j in 8 vectorized { %q[j] = select(j >= 1 && j < 7, %p[j - 1], 0f32) }
    }`,
    to: `func @f(%x: f64[8], %p: f32[6]) -> (%y: f64[8], %q: f32[8]) {
      for i in 8 unrolled { %y[i] = %x[i] * 2f64 }
      for j in 8 unrolled { %q[j] = select(j >= 1 && j < 7, %p[j - 1], 0f32) }
    }`,
  },
  {
    name: 'flatten-buffers computes positions and keeps ramps',
    pass: flattenBuffers,
    from: `func @f(%x: f32[3, 5, 8]) -> (%y: f32[3, 8]) {
      for i in 3 { %y[i, ramp<4>(4)] = %x[i, 2, ramp<4>(4)] }
    }`,
    to: `func @f(%x: f32[120]) -> (%y: f32[24]) {
      for i in 3 { %y[ramp<4>(i * 8 + 4)] = %x[ramp<4>(i * 40 + 20)] }
    }`,
  },
  {
    name: 'promote-locals makes vector registers, declared in the loop that writes them first',
    pass: promoteLocals,
    from: `func @f(%x: f32[64]) -> (%y: f32[8]) {
      temp %c: f32[4] local
      for i in 2 {
        %c[ramp<4>(0)] = broadcast<4>(0f32)
        for k in 8 { %c[ramp<4>(0)] = %c[ramp<4>(0)] + %x[ramp<4>(i * 32 + k * 4)] }
        %y[ramp<4>(i * 4)] = %c[ramp<4>(0)]
      }
    }`,
    to: `func @f(%x: f32[64]) -> (%y: f32[8]) {
      for i in 2 {
        var c.1 = broadcast<4>(0f32) {
          for k in 8 { c.1 := c.1:f32x4 + %x[ramp<4>(i * 32 + k * 4)] }
          %y[ramp<4>(i * 4)] = c.1:f32x4
        }
      }
    }`,
  },
  {
    name: 'promote-locals declares outside of the loop what its iterations hand on',
    pass: promoteLocals,
    from: `func @f(%x: f32[8]) -> (%y: f32[8]) {
      temp %c: f32[1] local
      %c[0] = 0f32
      for i in 8 { %c[0] = %c[0] + %x[i]  %y[i] = %c[0] }
    }`,
    to: `func @f(%x: f32[8]) -> (%y: f32[8]) {
      var c.1 = 0f32 { for i in 8 { c.1 := c.1:f32 + %x[i]  %y[i] = c.1:f32 } }
    }`,
  },
  {
    name: 'promote-locals keeps what has no constant place in the memory of the thread',
    pass: promoteLocals,
    from: `func @f(%x: f32[32]) -> (%y: f32[32]) {
      temp %c: f32[8] local
      for p in 4 parallel {
        for i in 8 { %c[i] = %x[p * 8 + i] }
        for j in 8 { %y[p * 8 + j] = %c[7 - j] }
      }
    }`,
    to: `func @f(%x: f32[32]) -> (%y: f32[32]) {
      temp %c: f32[8] thread
      for p in 4 parallel {
        for i in 8 { %c[i] = %x[p * 8 + i] }
        for j in 8 { %y[p * 8 + j] = %c[7 - j] }
      }
    }`,
  },
  {
    name: 'hoist-invariants moves loads and arithmetic on data, but no load out of a condition',
    pass: hoistInvariants,
    from: `func @f(%x: f32[8], %s: f32[2], %n: i32[1]) -> (%y: f32[8]) {
      for i in 8 {
        if %n[0] > i { %y[i] = %x[i] * abs(%s[0]) } else { %y[i] = 0f32 }
        %y[i] = %y[i] + neg(%s[1])
      }
    }`,
    to: `func @f(%x: f32[8], %s: f32[2], %n: i32[1]) -> (%y: f32[8]) {
      let n.1 = %n[0] {
        let v = neg(%s[1]) {
          for i in 8 {
            if n.1 > i { %y[i] = %x[i] * abs(%s[0]) } else { %y[i] = 0f32 }
            %y[i] = %y[i] + v:f32
          }
        }
      }
    }`,
  },
  {
    name: 'common-subexpressions loads an element once and multiplies a row before it adds',
    pass: commonSubexpressions,
    from: `func @f(%a: f32[2], %b: f32[8]) -> (%y: f32[8]) {
      var c = broadcast<4>(0f32) { var d = broadcast<4>(0f32) {
        for k in 2 {
          c := c:f32x4 + broadcast<4>(%a[k]) * %b[ramp<4>(0)]
          d := d:f32x4 + broadcast<4>(%a[k]) * %b[ramp<4>(4)]
        }
        %y[ramp<4>(0)] = c:f32x4
        %y[ramp<4>(4)] = d:f32x4
      } }
    }`,
    to: `func @f(%a: f32[2], %b: f32[8]) -> (%y: f32[8]) {
      var c = broadcast<4>(0f32) { var d = broadcast<4>(0f32) {
        for k in 2 {
          let v.1 = broadcast<4>(%a[k]) {
            let v = v.1:f32x4 * %b[ramp<4>(0)] {
              let v.2 = v.1:f32x4 * %b[ramp<4>(4)] {
                c := c:f32x4 + v:f32x4
                d := d:f32x4 + v.2:f32x4
              }
            }
          }
        }
        %y[ramp<4>(0)] = c:f32x4
        %y[ramp<4>(4)] = d:f32x4
      } }
    }`,
  },
  {
    name: 'common-subexpressions names a part before its whole, which has it under a condition',
    pass: commonSubexpressions,
    from: `func @f(%a: f32[1], %c: bool[1]) -> (%y: f32[1]) {
      %y[0] = select(neg(select(%c[0], %a[0], 1f32)) < %a[0], neg(select(%c[0], %a[0], 1f32)), %a[0])
    }`,
    to: `func @f(%a: f32[1], %c: bool[1]) -> (%y: f32[1]) {
      let a.1 = %a[0] {
        let v = neg(select(%c[0], a.1:f32, 1f32)) {
          %y[0] = select(v:f32 < a.1:f32, v:f32, a.1:f32)
        }
      }
    }`,
  },
  {
    name: 'common-subexpressions reads anew what was written between',
    pass: commonSubexpressions,
    from: `func @f(%a: f32[2]) -> (%y: f32[4]) {
      %y[0] = %a[0]
      %y[1] = %y[0] + %a[0]
      %y[0] = %a[1]
      %y[2] = %y[0] + %a[0]
    }`,
    to: `func @f(%a: f32[2]) -> (%y: f32[4]) {
      let a.1 = %a[0] {
        %y[0] = a.1:f32
        %y[1] = %y[0] + a.1:f32
        %y[0] = %a[1]
        %y[2] = %y[0] + a.1:f32
      }
    }`,
  },
];

describe('each pass', () => {
  test.each(cases)('$name', ({ pass, from, to }) => {
    expect(after(pass, from)).toBe(canonical(to));
  });

  test('long straight-line code does not overflow the stack', () => {
    const func = parseTensorFunc(`func @f(%x: f32[240, 16]) -> (%y: f32[240, 16]) {
      for i in 240 unrolled { for j in 16 unrolled { %y[i, j] = %x[i, j] * %x[i, 0] + %x[0, j] } }
    }`);
    const flat = commonSubexpressions(hoistInvariants(unroll(flattenBuffers(func))));
    const inputs = randomInputs(func, 1);
    const flatInputs = randomInputs(flat, 1);
    expect(interpretFunc(flat, flatInputs)[0]?.data).toEqual(interpretFunc(func, inputs)[0]?.data);
  });

  test('flatten-buffers refuses a size that is a product of symbols', () => {
    const func = parseTensorFunc('func @f(m, n)(%x: f32[m, n]) -> (%y: f32[m]) { for i in m { %y[i] = %x[i, 0] } }');
    expect(() => flattenBuffers(func)).toThrow(UnsupportedError);
  });
});
