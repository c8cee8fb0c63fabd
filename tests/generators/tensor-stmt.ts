import * as fc from 'fast-check';
import { binary, buffer, int, loop, seq, store, variable } from '../../ir/tensor/build.ts';
import type { Expr, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { dataBuffer, randomCondition, randomIndex, type Source } from './index-expr.ts';
import { choicesFrom } from './random.ts';

interface Scope {
  readonly random: Source;
  readonly registers: readonly string[];
  readonly fresh: (base: string) => string;
}

const target = buffer('out', 'i32', [8]);

/**
 * Functions as they are after lowering: loops without blocks, conditions, lets, registers that are assigned, and stores
 * of data and of index arithmetic. Every value stays small, so that no index arithmetic overflows.
 */
export function arbitraryLoweredFunc(): fc.Arbitrary<TensorFunc> {
  return fc.array(fc.nat(255), { minLength: 40, maxLength: 250 }).map((numbers) => {
    const choices = choicesFrom(numbers);
    let count = 0;
    const scope: Scope = {
      random: { choices, variables: ['n'], data: true },
      registers: [],
      fresh: (base) => `${base}${count++}`,
    };
    const clear = loop('c', int(8), store(target, [variable('c')], int(0)));
    const body = seq([clear, randomStmt(scope, 5)]);
    return { name: 'lowered', sizes: ['n'], inputs: [dataBuffer], outputs: [target], temps: [], body };
  });
}

function randomStmt(scope: Scope, depth: number): Stmt {
  const { choices } = scope.random;
  if (depth === 0) return randomEffect(scope);
  const inner = (changed: Partial<Scope> = {}): Stmt => randomStmt({ ...scope, ...changed }, depth - 1);
  switch (choices.below(6)) {
    case 0:
      return randomEffect(scope);
    case 1:
    case 2: {
      const loopVar = scope.fresh('i');
      const extent = choices.chance(4)
        ? binary('floormod', randomIndex(scope.random, 1), int(3))
        : int(choices.pick([3, 1, 2, 0, 4]));
      return loop(loopVar, extent, inner({ random: withVariable(scope.random, loopVar) }));
    }
    case 3: {
      const cond = randomCondition(scope.random, 2);
      const then = inner();
      return choices.chance(2) ? { kind: 'if', cond, then, else: inner() } : { kind: 'if', cond, then };
    }
    case 4: {
      const mutable = choices.chance(2);
      const name = scope.fresh(mutable ? 'r' : 'x');
      const value = small(scope.random, 2);
      const registers = mutable ? [...scope.registers, name] : scope.registers;
      return {
        kind: 'let',
        name,
        mutable,
        value,
        body: inner({ random: withVariable(scope.random, name), registers }),
      };
    }
    default:
      return { kind: 'seq', stmts: [inner(), inner()] };
  }
}

const withVariable = (random: Source, name: string): Source => ({ ...random, variables: [...random.variables, name] });

const small = (random: Source, depth: number): Expr =>
  binary('floormod', randomIndex(random, depth), int(random.choices.pick([13, 2, 5])));

function randomEffect({ random, registers }: Scope): Stmt {
  const { choices } = random;
  if (registers.length > 0 && choices.chance(2)) {
    return { kind: 'assign', name: choices.pick(registers), value: small(random, 2) };
  }
  return store(target, [binary('floormod', randomIndex(random, 1), int(8))], randomIndex(random, 3));
}
