import * as fc from 'fast-check';
import { GraphBuilder } from '../../ir/graph/build.ts';
import type { GraphCase } from './graph.ts';
import { epilogues } from './kernel-epilogues.ts';
import { heads, isSmall } from './kernel-heads.ts';
import { KernelScene } from './kernel-scene.ts';

/** A program of one kernel or two, and whether its results may differ by the rounding of other orders or functions. */
export interface KernelCase extends GraphCase {
  readonly isExact: boolean;
}

/**
 * Graphs around what schedules are made for: a contraction, a reduction, or another head, of sizes at the borders of
 * vectors and tiles, with the elementwise operators, movements and second kernels that follow it in models.
 */
export function arbitraryKernelGraph(): fc.Arbitrary<KernelCase> {
  const decisions = (length: number) => fc.array(fc.nat({ max: 1 << 16 }), { minLength: length, maxLength: length });
  return fc
    .record({ head: decisions(40), steps: fc.array(decisions(12), { maxLength: 5 }), seed: fc.nat({ max: 1 << 16 }) })
    .map(({ head, steps, seed }) => {
      const builder = new GraphBuilder('kernel');
      const scene = new KernelScene(builder, seed);
      scene.decide(head);
      let value = scene.choice.pick(heads)(scene);
      for (const step of steps) {
        scene.decide(step);
        const next = scene.choice.pick(epilogues)(scene, value);
        if (isSmall(next)) value = next;
      }
      scene.output(value);
      return { graph: builder.finish(), inputs: scene.inputs, isExact: scene.isExact };
    });
}
