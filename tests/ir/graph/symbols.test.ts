import { describe, expect, test } from 'vitest';
import { addDims, scaleDim, symbolDim } from '../../../ir/dim.ts';
import { solveSymbols } from '../../../ir/graph/symbols.ts';

const [n, m, k] = [symbolDim('n'), symbolDim('m'), symbolDim('k')];

describe('solveSymbols', () => {
  test('solves one symbol after the other', () => {
    expect(solveSymbols([[addDims(n, scaleDim(m, 2))], [addDims(m, 1)]], [[11], [4]])).toEqual(
      new Map([
        ['m', 3],
        ['n', 5],
      ]),
    );
  });

  test('solves in affine dimensions, of the same names too', () => {
    expect(solveSymbols([[n, scaleDim(m, 3)]], [[addDims(n, 1), scaleDim(k, 6)]])).toEqual(
      new Map([
        ['n', addDims(n, 1)],
        ['m', scaleDim(k, 2)],
      ]),
    );
    expect(solveSymbols([[addDims(scaleDim(n, -49), 98)]], [[49]])).toEqual(new Map([['n', 1]]));
  });

  test('leaves what has no single integer solution', () => {
    expect(solveSymbols([[addDims(n, m)], [scaleDim(k, 2)]], [[3], [3]])).toEqual(new Map());
  });
});
