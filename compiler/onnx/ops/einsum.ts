import type { Dim } from '../../../ir/dim.ts';
import type { OnnxNode } from '../node.ts';
import type { Operand } from '../operand.ts';
import { type OnnxOpRows, row } from '../row.ts';
import type { Writer } from '../writer.ts';
import { range, rankOf } from './axes.ts';

interface Equation {
  /** A letter an axis, for each operand and the result. */
  readonly inputs: readonly string[];
  readonly output: string;
}

/** Axes under an ellipsis get letters of their own, the same ones counted from the right. */
const hidden = 'ABCDEFGH';

function parse(node: OnnxNode, operands: readonly Operand[]): Equation {
  const text = node.string('equation').replaceAll(' ', '');
  const [left = '', right] = text.split('->');
  const terms = left.split(',');
  if (terms.length !== operands.length || !/^[a-zA-Z.,]*$/.test(left)) node.fail(`equation ${text}`);
  if (left.includes('...') && /[A-H]/.test(text)) node.refuse(`capital letters beside an ellipsis in ${text}`);
  const spans = terms.map((term, i) => (term.includes('...') ? rankOf(operands[i] as Operand) - term.length + 3 : 0));
  const widest = Math.max(...spans);
  if (widest > hidden.length || spans.some((span) => span < 0)) node.fail(`equation ${text}`);
  const inputs = terms.map((term, i) => term.replace('...', hidden.slice(widest - (spans[i] as number), widest)));
  for (const [i, term] of inputs.entries()) {
    if (term.length !== rankOf(operands[i] as Operand))
      node.fail(`equation ${text}: operand ${i} has ${rankOf(operands[i] as Operand)} axes`);
    if (new Set(term).size < term.length) node.refuse(`a letter twice in one operand of ${text}`);
  }
  return {
    inputs,
    output:
      right === undefined
        ? implicitOutput(inputs, hidden.slice(0, widest))
        : right.replace('...', hidden.slice(0, widest)),
  };
}

/** Without an arrow the result has the letters that occur once, in alphabetical order. */
function implicitOutput(inputs: readonly string[], ellipsis: string): string {
  const letters = Array.from(inputs.join('')).filter((letter) => !ellipsis.includes(letter));
  return (
    ellipsis +
    letters
      .filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter))
      .sort()
      .join('')
  );
}

/** Operands are multiplied two at a time; a letter is summed as soon as nothing that follows needs it. */
function einsum(node: OnnxNode, g: Writer): Operand {
  const operands = node.variadic();
  const { inputs, output } = parse(node, operands);
  let [x, letters] = [operands[0] as Operand, inputs[0] ?? ''];
  for (const [i, other] of operands.slice(1).entries()) {
    const needed = output + inputs.slice(i + 2).join('');
    const next = inputs[i + 1] ?? '';
    const kept = [...new Set(letters + next)].filter((letter) => needed.includes(letter)).join('');
    [x, letters] = [contract(g, [x, letters], [other, next], kept), kept];
  }
  return arrange(g, x, letters, output);
}

/** An operand and the letters of its axes. */
type Labelled = readonly [Operand, string];

/**
 * Multiplies over all letters and sums those that are not kept. Where one letter is summed that both operands have, that
 * is a matmul: the last letter of either operand alone is the row or column, every other letter is of the batch.
 */
function contract(g: Writer, [a, left]: Labelled, [b, right]: Labelled, kept: string): Operand {
  const all = [...new Set(left + right)];
  const summed = all.filter((letter) => !kept.includes(letter));
  const inner = summed[0] ?? '';
  if (summed.length !== 1 || !left.includes(inner) || !right.includes(inner)) {
    const product = g.mul(spread(g, a, left, all), spread(g, b, right, all));
    const axes = summed.map((letter) => all.indexOf(letter));
    return arrange(
      g,
      g.reduce('sum', product, axes, false),
      all.filter((letter) => kept.includes(letter)).join(''),
      kept,
    );
  }
  const row = all.findLast((letter) => !right.includes(letter)) ?? '';
  const column = all.findLast((letter) => !left.includes(letter)) ?? '';
  const batch = all.filter((letter) => ![row, column, inner].includes(letter));
  // A letter that is missing is an axis of 1, which goes again.
  const product = g.matmul(spread(g, a, left, [...batch, row, inner]), spread(g, b, right, [...batch, inner, column]));
  const letters = [...batch, row, column];
  const dims = product.type.shape.filter((_, axis) => letters[axis] !== '');
  return arrange(g, g.reshape(product, dims), letters.join(''), kept);
}

/** Puts the axes in the order of `to`, with an axis of 1 for each letter that the operand lacks. */
function spread(g: Writer, x: Operand, from: string, to: readonly string[]): Operand {
  const present = to.filter((letter) => letter !== '' && from.includes(letter));
  const ordered = arrange(g, x, from, present.join(''));
  const dims = [...ordered.type.shape];
  return g.reshape(
    ordered,
    to.map((letter): Dim => (present.includes(letter) ? (dims.shift() as Dim) : 1)),
  );
}

/** Sums the letters that `to` lacks, and puts the others in its order. */
function arrange(g: Writer, x: Operand, from: string, to: string): Operand {
  const summed = range(0, from.length).filter((axis) => !to.includes(from[axis] as string));
  const letters = Array.from(from).filter((letter) => to.includes(letter));
  return g.transpose(
    g.reduce('sum', x, summed, false),
    Array.from(to).map((letter) => letters.indexOf(letter)),
  );
}

export const einsumOps: OnnxOpRows = {
  Einsum: row(einsum, { since: 12, attributes: ['equation'] }),
};
