import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IrSyntaxError } from '../../../ir/errors.ts';
import { parseGraph, parseTensorFunc } from '../../../ir/text/parse.ts';
import { printGraph } from '../../../ir/text/print-graph.ts';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';
import { arbitraryGraph } from '../../generators/graph.ts';
import { arbitraryTensorFunc } from '../../generators/tensor-func.ts';

type Parse = (text: string, file?: string) => unknown;

function mistakesIn(parse: Parse, text: string): IrSyntaxError {
  try {
    parse(text, 'program.tir');
  } catch (error) {
    if (error instanceof IrSyntaxError) return error;
    throw error;
  }
  throw new Error('expected an IrSyntaxError');
}

/** Each mistake as `line:column message`. */
const listed = (parse: Parse, text: string): readonly string[] =>
  mistakesIn(parse, text).diagnostics.map(({ message, location: { line, column } }) => `${line}:${column} ${message}`);

describe('three mistakes are three diagnostics, with their places', () => {
  test('in a func', () => {
    const text = [
      'func @matmul(%A: f32[4, 8], %B: f32[8, 4]) -> (%C: f32[4, 4]) {',
      '  for i in 4 {',
      '    for j in 4 paralel {',
      '      block C(vi: spatial(4) = i, vj: spatial(4) = j) {',
      '        %C[vi, vj} = 0f32',
      '      }',
      '    }',
      '  }',
      '  %C[0, 0] = %D[0] + 1f32',
      '}',
      '',
    ].join('\n');
    const error = mistakesIn(parseTensorFunc, text);
    expect(error.message).toBe(
      [
        'program.tir:3:16: unknown loop kind paralel, expected one of serial, parallel, vectorized, unrolled, ' +
          'workgroup.x, workgroup.y, workgroup.z, invocation.x, invocation.y, invocation.z',
        '      for j in 4 paralel {',
        '                 ^^^^^^^',
        "program.tir:5:18: expected ']' but found '}'",
        '          %C[vi, vj} = 0f32',
        '                   ^',
        'program.tir:9:14: unknown buffer %D',
        '    %C[0, 0] = %D[0] + 1f32',
        '               ^^',
      ].join('\n'),
    );
    expect(error.diagnostics.map(({ location }) => location)).toEqual([
      { file: 'program.tir', line: 3, column: 16, length: 7 },
      { file: 'program.tir', line: 5, column: 18, length: 1 },
      { file: 'program.tir', line: 9, column: 14, length: 2 },
    ]);
  });

  test('in a graph', () => {
    const text = [
      'graph @mlp(%x: f32[batch, 4]) -> ("y" = %y) {',
      '  constant %w: f32[4, 2] = [1, 0, 0, 1, 2, 0, 0]',
      '  %h: f32[batch, 2] = matmul(%x %w) {transA = false, transB = false}',
      '  %y: f32[batch, 2] = tanhh(%h)',
      '}',
    ].join('\r\n');
    const error = mistakesIn(parseGraph, text);
    expect(error.message).toBe(
      [
        'program.tir:2:12: constant %w holds 7, expected 8 elements of f32',
        '    constant %w: f32[4, 2] = [1, 0, 0, 1, 2, 0, 0]',
        '             ^^',
        "program.tir:3:33: expected ')' but found '%w'",
        '    %h: f32[batch, 2] = matmul(%x %w) {transA = false, transB = false}',
        '                                  ^^',
        'program.tir:4:23: unknown operator tanhh',
        '    %y: f32[batch, 2] = tanhh(%h)',
        '                        ^^^^^',
      ].join('\n'),
    );
  });

  test('in a func inside of a graph inside of a graph', () => {
    const text = `graph @g(%x: f32[4]) -> ("y" = %y) {
  %y: f32[4] = fused(%x) {body = graph @b(%a: f32[4]) -> ("c" = %c) {
    %u: f33[4] = neg(%a)
    %c: f32[4] = call_tir(%u) {func = func @f(%A: f32[4]) -> (%C: f32[4]) {
      for i in 4 {
        %C[i] = exp %A[i])
      }
    }}
  }}
  %z: f32[4] = neg(%nothing)
}`;
    expect(listed(parseGraph, text)).toEqual([
      '3:9 unknown dtype f33, expected one of f32, f16, f64, i8, u8, i16, u16, i32, u32, i64, u64, bool',
      "6:26 expected '=' but found ')'",
      '10:20 unknown value %nothing',
    ]);
  });
});

describe('mistakes of syntax', () => {
  const inFunc = (body: string): string => `func @f(%A: f32[4]) -> (%C: f32[4]) {\n${body}\n}\n`;
  test.each([
    ['a body without its brace', 'for i in 4\n  %C[i] = 0f32\n}', ["2:11 expected '{' but the line ends"]],
    ['a bracket that is left open', '%C[0 = 1f32\n%C[1] = 2f32', ["2:6 expected ']' but found '='"]],
    ['a value that is missing', '%C[0] =', ['2:8 expected an expression but the line ends']],
    [
      'a wrong head of a right body',
      'for in 4 {\n  %C[0] = %D[0]\n}',
      ["2:5 expected a name but found 'in'", '3:11 unknown buffer %D'],
    ],
    [
      'a wrong condition with both branches',
      'if < {\n  %C[0] = 0f32\n} else {\n  %C[0] = 1f32\n}',
      ["2:4 expected an expression but found '<'"],
    ],
    ['a name of an operation', '%C[0] = foo(1)', ['2:9 unknown operation foo']],
    ['operands', '%C[0] = min(%A[0])\n%C[1] = exp()', ['2:9 min takes 2 operands', '3:9 exp takes 1 operand']],
    [
      'a chain of comparisons',
      '%C[0] = cast<f32>(1 < 2 < 3)',
      ['2:25 comparisons do not chain: put one of them in parentheses'],
    ],
    [
      'numbers out of range',
      '%C[300u8] = 1e39f32 + 0.5 + -1u64 + 1f8',
      [
        '2:4 300 is no value of u8',
        '2:13 1e39 is no value of f32',
        '2:23 0.5 is no value of i32',
        '2:30 -1 is no value of u64',
        '2:37 unknown dtype f8, expected one of f32, f16, f64, i8, u8, i16, u16, i32, u32, i64, u64, bool',
      ],
    ],
    [
      'names that are taken',
      'for i in 4 {\n  let i = 1\n  block b() {\n  }\n  block b() {\n  }\n}',
      ['3:7 variable i is already defined', '6:9 block b is already defined'],
    ],
    [
      'garbage',
      '%C[0] = 1f32\n$$ ☃ %C[0] ?\n%C[1] = é',
      ['3:1 expected a statement but found "$$"', '4:9 expected an expression but found "é"'],
    ],
    [
      'a string without an end',
      'x := "abc\n%C[0] = %"d\n%C[1] = 1f32',
      ['2:6 this string does not end on its line', '3:9 this string does not end on its line'],
    ],
    ['a string with a bad escape', 'x := "\\q"', ['2:6 "\\q" is no JSON string']],
    [
      'annotations',
      'for i in 4 {a = b, c = -d} {\n}',
      ['2:17 b is no string, number, true or false', '2:25 d is no string, number, true or false'],
    ],
  ])('%s', (_, body, expected) => {
    expect(listed(parseTensorFunc, inFunc(body))).toEqual(expected);
  });

  test.each([
    ['an empty text', '', "1:1 expected 'graph' but found the end of the text"],
    ['blanks', '\n \n# nothing\n', "3:10 expected 'graph' but found the end of the text"],
    [
      'bytes of another format',
      '\u0008\u0007\u0012\u0007pytorch\u001a',
      '1:1 expected \'graph\' but found "\\b\\u0007\\u0012\\u0007"',
    ],
    ['a text that is cut off', 'graph @g() -> () {\n', "1:19 expected '}' but found the end of the text"],
    ['a text that goes on', 'graph @g() -> () {\n}\n}', "3:1 expected the end of the text but found '}'"],
    ['a wrong head', 'graph @g( -> () {\n}', "1:11 expected ')' but found '->'"],
    [
      'constants cut off in their data',
      'graph @g() -> () {\n  constant %w: f32[2] = base64 "AAAA\n}',
      '2:32 this string does not end on its line',
    ],
  ])('%s', (_, text, expected) => {
    expect(listed(parseGraph, text)).toEqual([expected]);
  });

  test.each([
    ['parentheses', `%C[0] = ${'('.repeat(100_000)}`],
    ['bodies', 'if 1bool {\n'.repeat(100_000)],
  ])('%s that no stack can hold', (_, body) => {
    expect(mistakesIn(parseTensorFunc, inFunc(body)).diagnostics.map(({ message }) => message)).toEqual([
      'this is nested too deeply',
    ]);
    expect(() => parseTensorFunc(inFunc('%C[0] = 0f32'))).not.toThrow();
  });

  test('a long line is shown around the place', () => {
    const data = 'A'.repeat(100_000);
    const { message } = mistakesIn(parseGraph, `graph @g() -> () {\n constant %w: u8[3] = base64 "${data}" 5\n}`);
    expect(message.length).toBeLessThan(600);
    const [, shown = '', carets = ''] = message.split('\n').slice(-3);
    expect(shown.at(carets.indexOf('^'))).toBe('5');
  });
});

describe('mistakes in a graph', () => {
  test('outputs twice, or of nothing', () => {
    expect(listed(parseGraph, 'graph @g(%x: f32[4]) -> ("y" = %x, "y" = %x, "z" = %z) {\n}')).toEqual([
      '1:36 output "y" is already defined',
      '1:52 unknown value %z',
    ]);
  });

  const inGraph = (lines: string): string => `graph @g(%x: f32[4]) -> ("y" = %x) {\n${lines}\n}`;
  const type = '%y: f32[4]';
  test.each([
    ['an attribute that is missing', `${type} = concat(%x)`, ['2:14 concat needs the attribute axis']],
    ['attributes that are missing', `${type} = topk(%x) {axis = 0}`, ['2:14 topk needs the attributes k, largest']],
    [
      'an attribute that is not known',
      `${type} = concat(%x) {axes = 0}`,
      ['2:26 concat has no attribute axes: expected axis'],
    ],
    [
      'an attribute where there is none',
      `${type} = neg(%x) {axis = 0}`,
      ['2:23 neg has no attribute axis: it has none'],
    ],
    ['a wrong type', `${type} = concat(%x) {axis = "0"}`, ['2:26 attribute axis of concat must be an integer']],
    [
      'a symbol in integers',
      `${type} = transpose(%x) {perm = [n]}`,
      ['2:29 attribute perm of transpose must be a list of integers'],
    ],
    [
      'a wrong word',
      `${type} = scatter_nd(%x) {reduction = "sum"}`,
      ['2:30 attribute reduction of scatter_nd must be one of "none", "add", "mul", "min", "max"'],
    ],
    [
      'a word without quotes',
      `${type} = cast(%x) {to = f32}`,
      [
        '2:24 attribute to of cast must be one of "f32", "f16", "f64", "i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "bool"',
      ],
    ],
    ['an attribute twice', `${type} = concat(%x) {axis = 0, axis = 1}`, ['2:36 attribute axis is already defined']],
    ['an inherited property', `${type} = toString(%x)`, ['2:14 unknown operator toString']],
    [
      'values and nodes twice',
      `${type} = neg(%x) @"n"\n%x: f32[4] = neg(%x) @n`,
      ['3:1 value %x is already defined', '3:22 node @n is already defined'],
    ],
    ['data of another dtype', 'constant %c: u8[2] = [1, 256]', ['2:26 256 is no value of u8']],
    [
      'base64 that is none',
      'constant %c: u8[2] = base64 "!!"',
      ['2:10 constant %c is not the base64 of elements of u8'],
    ],
    [
      'base64 of half an element',
      'constant %c: f32[1] = base64 "AAA="',
      ['2:10 constant %c is not the base64 of elements of f32'],
    ],
    [
      'base64 of another length',
      'constant %c: u8[1] = base64 "AAA="',
      ['2:10 constant %c holds 2, expected 1 element of u8'],
    ],
    ['a constant of no known size', 'constant %c: u8[n] = [1]', ['2:10 constant %c has symbols in its shape [n]']],
    [
      'a graph inside without its brace',
      `%u: f32[4] = fused(%x) {body = graph @b() -> () !}\n${type} = neg(%x)`,
      ['2:49 expected \'{\' but found "!"'],
    ],
    ['a line of nothing', 'nothing', ["2:1 expected a constant or a node but found 'nothing'"]],
    ['what a wrong line would define', `%u: f32[4 = neg(%x)\n${type} = neg(%u)`, ["2:11 expected ']' but found '='"]],
  ])('%s', (_, lines, expected) => {
    expect(listed(parseGraph, inGraph(lines))).toEqual(expected);
  });
});

/** A text with a few characters taken out, put in or written twice. */
const damaged = (texts: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(texts, fc.array(fc.tuple(fc.nat(), fc.nat(8), fc.string({ maxLength: 3 })), { minLength: 1, maxLength: 4 }))
    .map(([text, edits]) =>
      edits.reduce((result, [position, length, inserted]) => {
        const at = position % (result.length + 1);
        return result.slice(0, at) + inserted + result.slice(at + length);
      }, text),
    );

describe('a damaged text parses or is refused with places inside of it', () => {
  test.each<[string, Parse, fc.Arbitrary<string>]>([
    ['func', parseTensorFunc, arbitraryTensorFunc().map(printTensorFunc)],
    ['graph', parseGraph, arbitraryGraph().map(({ graph }) => printGraph(graph))],
  ])('%s', (_, parse, texts) => {
    const property = fc.property(damaged(texts), (text) => {
      try {
        parse(text);
      } catch (error) {
        if (!(error instanceof IrSyntaxError)) throw error;
        const lines = text.split(/\r\n|\r|\n/);
        expect(error.diagnostics.length).toBeGreaterThan(0);
        for (const { location } of error.diagnostics) {
          expect(location.column - 1).toBeLessThanOrEqual(lines[location.line - 1]?.length ?? -1);
        }
      }
    });
    fc.assert(property, { numRuns: Number(process.env['TILEWRIGHT_RUNS'] ?? 300) });
  });
});
