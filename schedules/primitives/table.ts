import type { Primitive, PrimitiveName } from '../step.ts';
import { annotate } from './annotate.ts';
import { bind } from './bind.ts';
import { cacheRead } from './cache-read.ts';
import { cacheWrite } from './cache-write.ts';
import { computeAt } from './compute-at.ts';
import { computeInline } from './compute-inline.ts';
import { decomposeReduction } from './decompose-reduction.ts';
import { fuse } from './fuse.ts';
import { loopPartition } from './loop-partition.ts';
import { pad } from './pad.ts';
import { parallel } from './parallel.ts';
import { reindexCacheRead } from './reindex-cache-read.ts';
import { reorder } from './reorder.ts';
import { reverseComputeAt } from './reverse-compute-at.ts';
import { reverseComputeInline } from './reverse-compute-inline.ts';
import { rfactor } from './rfactor.ts';
import { sampleCategorical } from './sample-categorical.ts';
import { setScope } from './set-scope.ts';
import { split } from './split.ts';
import { tile } from './tile.ts';
import { transformLayout } from './transform-layout.ts';
import { unroll } from './unroll.ts';
import { vectorize } from './vectorize.ts';

/** Every primitive, by name. */
export const primitives: { readonly [K in PrimitiveName]: Primitive<K> } = {
  split,
  fuse,
  reorder,
  tile,
  'loop-partition': loopPartition,
  vectorize,
  unroll,
  parallel,
  bind,
  annotate,
  'compute-inline': computeInline,
  'reverse-compute-inline': reverseComputeInline,
  'compute-at': computeAt,
  'reverse-compute-at': reverseComputeAt,
  'set-scope': setScope,
  'cache-write': cacheWrite,
  'cache-read': cacheRead,
  'reindex-cache-read': reindexCacheRead,
  'decompose-reduction': decomposeReduction,
  rfactor,
  pad,
  'transform-layout': transformLayout,
  'sample-categorical': sampleCategorical,
};
