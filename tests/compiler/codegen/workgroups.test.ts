import { describe, expect, test } from 'vitest';
import { requireApart } from '../../../compiler/codegen/wgsl/workgroups.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';

const inKernel = (body: string): (() => void) => {
  const func = parseTensorFunc(`func @f(%A: f32[64]) -> (%B: f32[64]) {
  temp %T: f32[64] global
  temp %own: f32[4] local
  ${body}
}`);
  return () => requireApart(func);
};

describe('loops over workgroups', () => {
  test('hold all that is written for others', () => {
    expect(
      inKernel(
        'for w in 8 workgroup.x { for t in 8 invocation.x { for i in 4 { %own[i] = 0f32 } %B[w * 8 + t] = %own[0] } }',
      ),
    ).not.toThrow();
    expect(inKernel('%T[0] = 1f32 for w in 64 workgroup.x { %B[w] = %A[w] }')).toThrow(
      "f, buffer 'T': workgroups would have to wait for one another",
    );
    expect(inKernel('for w in 8 workgroup.x { %B[w] = 0f32 for v in 8 workgroup.y { %T[w * 8 + v] = 1f32 } }')).toThrow(
      /buffer 'B'/,
    );
  });

  test('stand under no serial loop, which another workgroup may have gone on in', () => {
    expect(inKernel('for i in 2 { for w in 64 workgroup.x { %B[w] = %A[w] } }')).toThrow(/loop 'i'/);
    expect(inKernel('for w in 8 workgroup.x { for i in 8 { %B[w * 8 + i] = %A[i] } }')).not.toThrow();
  });

  test('stand beside no other', () => {
    expect(
      inKernel('for w in 64 workgroup.x { %T[w] = %A[w] } for v in 64 workgroup.x { %B[v] = %T[63 - v] }'),
    ).toThrow(/beside one another/);
  });

  test('of one iteration are none', () => {
    expect(inKernel('for i in 64 { for w in 1 workgroup.x { %B[i] = %A[i] } }')).not.toThrow();
  });
});
