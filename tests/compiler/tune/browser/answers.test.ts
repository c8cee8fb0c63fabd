import { expect, test } from 'vitest';
import { parseAnswer, parseProfile } from '../../../../compiler/tune/measure/browser/answers.ts';
import { profile } from './some-profile.ts';

const time = { kind: 'time', ms: 0.5, spread: 0, samples: 6 };
const measured = (outcome: unknown, anchorMs: unknown = 1) => ({
  kind: 'measured',
  result: { outcomes: [outcome], anchorMs },
});

test.each([
  { kind: 'opened', anchorMs: 0 },
  measured(time),
  measured({ kind: 'wrong', message: '' }),
  { kind: 'failed', message: 'no' },
  { kind: 'timeout', message: 'no end', progress: 'turns' },
  { kind: 'crash', message: 'gone', progress: 0 },
  { kind: 'crash', message: 'gone' },
])('an answer is read: %j', (answer) => {
  expect(parseAnswer(answer)).toEqual(answer);
});

test.each([
  undefined,
  [],
  { kind: 'progress', progress: 1 },
  { kind: 'toString' },
  measured({ ...time, ms: 0 }),
  measured({ ...time, spread: null }),
  measured({ ...time, more: 1 }),
  measured({ kind: 'timeout', message: 'a part of a batch cannot' }),
  measured(time, 0),
  { kind: 'crash', message: 'gone', progress: -1 },
])('what is no answer is refused: %j', (answer) => {
  expect(() => parseAnswer(answer)).toThrow(/should be/);
});

test('a profile is read, and one that records cannot keep is refused', () => {
  expect(parseProfile(profile)).toEqual(profile);
  const ofGpu = { ...profile, features: ['webgpu', 'shader-f16', 'subgroups'] };
  expect(parseProfile(ofGpu)).toEqual(ofGpu);
  for (const wrong of [
    null,
    { ...profile, engine: { name: '\u001b[2J', version: '1' } },
    { ...profile, engine: { name: 'x'.repeat(201), version: '1' } },
    { ...profile, features: ['x'] },
    { ...profile, device: undefined },
  ])
    expect(() => parseProfile(wrong)).toThrow(/should be/);
});
