import { describe, expect, test } from 'vitest';
import { applyStep } from '../../../schedules/trace.ts';
import { chain, textAfter } from '../functions.ts';

describe('set-scope', () => {
  test('moves a temp', () => {
    expect(textAfter(chain(8), { primitive: 'set-scope', buffer: 'T', scope: 'local' })).toContain(
      'temp %T: f32[8] local',
    );
  });

  test('refuses inputs, outputs and what is not there', () => {
    const at = (buffer: string) => () => applyStep(chain(8), { primitive: 'set-scope', buffer, scope: 'local' });
    expect(at('A')).toThrow(/only a temp/);
    expect(at('Q')).toThrow('there is no such buffer; there are: A, B, T');
  });
});
