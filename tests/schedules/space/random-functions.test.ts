import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { randomSource } from '../../../ir/random.ts';
import { atRandom, byRule, type Decide } from '../../../schedules/decision.ts';
import { arbitraryTensorFunc, randomInputs } from '../../generators/tensor-func.ts';
import { expectScheduled } from './same-meaning.ts';

/** About half of the decisions at random, the others by the rule, which has to follow what is decided. */
function decideSome(random: () => number): Decide {
  const decide = atRandom(random);
  return (decision) => (random() < 0.5 ? byRule(decision) : decide(decision));
}

const runs = Number(process.env['TILEWRIGHT_RUNS'] ?? 60);

test.each([7, 19])(
  'random functions, by rule and by random decisions, of loops up to %i',
  { timeout: 3_600_000 },
  async (maxExtent) => {
    let steps = 0;
    await fc.assert(
      fc.asyncProperty(
        arbitraryTensorFunc({ maxExtent, maxStages: maxExtent > 7 ? 2 : 3 }),
        fc.nat(),
        fc.nat({ max: 31 }),
        fc.option(fc.nat()),
        async (func, seed, constant, decisions) => {
          const constants = new Set(func.inputs.filter((_, i) => (constant >> i) % 2 === 1).map(({ name }) => name));
          const decide = decisions === null ? byRule : decideSome(randomSource(decisions));
          steps += (await expectScheduled(func, randomInputs(func, seed), constants, decide)).length;
        },
      ),
      { numRuns: runs },
    );
    expect(steps).toBeGreaterThan(0);
  },
);
