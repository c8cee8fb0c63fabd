import * as fc from 'fast-check';
import { GraphBuilder } from '../../ir/graph/build.ts';
import type { Value } from '../../ir/graph/graph.ts';
import { epilogues } from './kernel-epilogues.ts';
import type { KernelCase } from './kernel-graph.ts';
import { conv, type Head, isSmall, matmul, pool, reduction, rows } from './kernel-heads.ts';
import { KernelScene, shapeOf } from './kernel-scene.ts';

/** What a value computes beside the value itself. */
const joined: Head = (scene) => {
  const x = scene.source('f32', scene.shape(scene.choice.pick([2, 3, 4])), false);
  const axis = scene.choice.next(shapeOf(x).length);
  return scene.builder.op('concat', [scene.builder.op('abs', [x], {}), x], { axis });
};

const heads: readonly Head[] = [conv, conv, matmul, matmul, pool, reduction, rows, joined];

/** A kernel, what may become part of it, a pad of its result by a constant, and readers of both. */
export function arbitraryHaloGraph(): fc.Arbitrary<KernelCase> {
  const decisions = (length: number) => fc.array(fc.nat({ max: 1 << 16 }), { minLength: length, maxLength: length });
  return fc
    .record({
      head: decisions(40),
      steps: fc.array(decisions(12), { maxLength: 2 }),
      end: decisions(40),
      seed: fc.nat({ max: 1 << 16 }),
    })
    .map(({ head, steps, end, seed }) => {
      const builder = new GraphBuilder('halo');
      const scene = new KernelScene(builder, seed);
      scene.decide(head);
      let value = scene.choice.pick(heads)(scene);
      for (const step of steps) {
        scene.decide(step);
        const next = scene.choice.pick(epilogues)(scene, value);
        if (isSmall(next)) value = next;
      }
      scene.decide(end);
      readPadded(scene, value);
      return { graph: builder.finish(), inputs: scene.inputs, isExact: scene.isExact };
    });
}

function readPadded(scene: KernelScene, value: Value): void {
  const { builder, choice } = scene;
  const padded = halo(scene, value);
  switch (choice.next(5)) {
    case 0:
      scene.output(builder.op('neg', [halo(scene, value)], {}));
      break;
    case 1:
      scene.output(value);
      break;
    case 2:
      scene.output(builder.op('neg', [value], {}));
      break;
    default:
  }
  if (scene.rarely(3)) scene.output(padded);
  const window = shapeOf(padded).map((dim) => Math.min(dim, choice.pick([1, 2, 3])));
  const ones = window.map(() => 1);
  scene.output(builder.op('window_max', [padded], { window, strides: ones, dilations: ones }));
}

/** Sides of any width, one wider than the value itself now and then. */
function halo(scene: KernelScene, value: Value): Value {
  const { builder, choice } = scene;
  const number = isNumber(value) ? value : builder.op('cast', [value], { to: 'i32' });
  const evenly = choice.next(2) === 1;
  const before = shapeOf(number).map(() => choice.pick([0, 1, 1, 3, 9]));
  const after = evenly ? before : before.map(() => choice.pick([0, 1, 2]));
  const isFloat = ['f32', 'f64'].includes(number.type.dtype);
  const fill = scene.scalar(number, choice.pick([0, 3, isFloat ? Number.NEGATIVE_INFINITY : 1]));
  const padded = builder.op('pad', [number, fill], { before, after, mode: 'constant' });
  return isSmall(padded) ? padded : number;
}

const isNumber = (value: Value): boolean => value.type.dtype !== 'bool';
