import { expect, test } from 'vitest';
import { emitWgsl } from '../../../compiler/codegen/wgsl/index.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';

/** The lines of the body of a kernel. */
function linesOf(text: string): readonly string[] {
  const { code } = emitWgsl([{ func: parseTensorFunc(text), constants: new Set() }]);
  const lines = code.trim().split('\n');
  return lines.slice(lines.indexOf(') {') + 1, -1).map((line) => line.trim());
}

test('parentheses stand only where operators would group otherwise', () => {
  const lines = linesOf(`func @f(%x: f32[64]) -> (%y: f32[64]) {
    for i in 2 { for j in 3 {
      %y[i * 8 + j] = %x[i * 4 + 2] - (%x[i] - %x[j]) * %x[0]
      %y[i - (j - 2) + 9] = %x[i] / (%x[j] / %x[1]) + neg(%x[2])
    } }
  }`);
  expect(lines).toEqual([
    'for (var i_ = 0; i_ < 2; i_++) {',
    'for (var j_ = 0; j_ < 3; j_++) {',
    'f_y_[i_ * 8 + j_] = f_x_[i_ * 4 + 2] - (f_x_[i_] - f_x_[j_]) * f_x_[0];',
    'f_y_[i_ - j_ + 11] = f_x_[i_] / (f_x_[j_] / f_x_[1]) + (-f_x_[2]);',
    '}',
    '}',
  ]);
});

test('what is added to a place is added in place', () => {
  const lines = linesOf(`func @f(%x: f32[64]) -> (%y: f32[64]) {
    var c = 0f32 {
      for i in 16 {
        c := c:f32 + %x[i] * 2f32
        %y[i] = %y[i] + %x[i]
        %y[i + 1] = %x[i] + %y[i + 1]
      }
      %y[63] = c:f32
    }
  }`);
  expect(lines).toEqual([
    'var c_ = 0.0f;',
    'for (var i_ = 0; i_ < 16; i_++) {',
    'c_ += f_x_[i_] * 2.0f;',
    'f_y_[i_] += f_x_[i_];',
    'f_y_[i_ + 1] = f_x_[i_] + f_y_[i_ + 1];',
    '}',
    'f_y_[63] = c_;',
  ]);
});

test('a vector takes a scalar beside it as it is', () => {
  const lines = linesOf(`func @f(%x: f32[64]) -> (%y: f32[64]) {
    %y[ramp<4>(0)] = broadcast<4>(2f32) * %x[ramp<4>(4)] + broadcast<4>(%x[3])
    %y[ramp<4>(4)] = broadcast<4>(%x[1]) + broadcast<4>(%x[2])
  }`);
  expect(lines).toEqual(['f_y_[0] = 2.0f * f_x_[1] + f_x_[0].w;', 'f_y_[1] = vec4f(f_x_[0].y) + vec4f(f_x_[0].z);']);
});
