import type { OnnxNode } from '../node.ts';
import type { Operand } from '../operand.ts';
import { type OnnxOpRow, type OnnxOpRows, row } from '../row.ts';
import type { Writer } from '../writer.ts';
import { rankOf, widened } from './axes.ts';

/** A function of one operand with float attributes, given with their defaults. */
function activation<Names extends string>(
  defaults: Readonly<Record<Names, number>>,
  compute: (g: Writer, x: Operand, attributes: Readonly<Record<Names, number>>) => Operand,
): OnnxOpRow {
  const names = Object.keys(defaults) as Names[];
  const importOne = (node: OnnxNode, g: Writer) => {
    const attributes = Object.fromEntries(names.map((name) => [name, node.float(name, defaults[name])]));
    return widened(g, node.input(0), (x) => compute(g, x, attributes as Record<Names, number>));
  };
  return row(importOne, { attributes: names });
}

const isNegative = (g: Writer, x: Operand) => g.binary('lt', x, 0);
const expMinus1 = (g: Writer, x: Operand) => g.sub(g.unary('exp', x), 1);

/** log(1 + eˣ) as max(x, 0) + log(1 + e^-|x|), which does not overflow. */
const softplus = (g: Writer, x: Operand) =>
  g.add(g.max(x, 0), g.unary('log', g.add(g.unary('exp', g.unary('neg', g.unary('abs', x))), 1)));

const hardSigmoid = (g: Writer, x: Operand, alpha: number, beta: number) =>
  g.max(g.min(g.add(g.mul(x, alpha), beta), 1), 0);

function gelu(node: OnnxNode, g: Writer): Operand {
  const approximate = node.string('approximate', 'none');
  if (approximate !== 'none' && approximate !== 'tanh') return node.fail(`approximate ${approximate}`);
  return widened(g, node.input(0), (x) => {
    const inner = approximate === 'none' ? g.unary('erf', g.mul(x, Math.SQRT1_2)) : g.unary('tanh', cubic(g, x));
    return g.mul(g.mul(x, 0.5), g.add(inner, 1));
  });
}

const cubic = (g: Writer, x: Operand) =>
  g.mul(g.add(x, g.mul(g.mul(g.mul(x, x), x), 0.044715)), Math.sqrt(2 / Math.PI));

/** Before opset 7 a slope of one axis stood for the channels. */
function preluSlope(node: OnnxNode, g: Writer): Operand {
  const [x, slope] = [node.input(0), node.input(1)];
  if (node.opset >= 7 || rankOf(slope) !== 1 || rankOf(x) <= 2) return slope;
  return g.reshape(slope, [...slope.type.shape, ...x.type.shape.slice(2).map(() => 1)]);
}

export const activationOps: OnnxOpRows = {
  Celu: activation({ alpha: 1 }, (g, x, { alpha }) =>
    g.add(g.max(x, 0), g.min(g.mul(expMinus1(g, g.div(x, alpha)), alpha), 0)),
  ),
  Elu: activation({ alpha: 1 }, (g, x, { alpha }) => g.select(isNegative(g, x), g.mul(expMinus1(g, x), alpha), x)),
  Gelu: row(gelu, { since: 20, attributes: ['approximate'] }),
  HardSigmoid: activation({ alpha: 0.2, beta: 0.5 }, (g, x, { alpha, beta }) => hardSigmoid(g, x, alpha, beta)),
  HardSwish: row((node, g) => widened(g, node.input(0), (x) => g.mul(x, hardSigmoid(g, x, 1 / 6, 0.5))), { since: 14 }),
  LeakyRelu: activation({ alpha: 0.01 }, (g, x, { alpha }) => g.select(isNegative(g, x), g.mul(x, alpha), x)),
  Mish: row((node, g) => widened(g, node.input(0), (x) => g.mul(x, g.unary('tanh', softplus(g, x)))), { since: 18 }),
  PRelu: row((node, g) => {
    const x = node.input(0);
    return g.select(g.binary('lt', x, 0), g.mul(x, preluSlope(node, g)), x);
  }),
  Relu: row((node, g) => g.max(node.input(0), 0)),
  Selu: activation({ alpha: 1.6732632423543772, gamma: 1.0507009873554805 }, (g, x, { alpha, gamma }) =>
    g.mul(g.select(isNegative(g, x), g.mul(expMinus1(g, x), alpha), x), gamma),
  ),
  Shrink: activation({ bias: 0, lambd: 0.5 }, (g, x, { bias, lambd }) =>
    g.select(g.binary('lt', x, -lambd), g.add(x, bias), g.select(g.binary('gt', x, lambd), g.sub(x, bias), 0)),
  ),
  Softplus: row((node, g) => widened(g, node.input(0), (x) => softplus(g, x))),
  Softsign: row((node, g) => widened(g, node.input(0), (x) => g.div(x, g.add(g.unary('abs', x), 1)))),
  Swish: activation({ alpha: 1 }, (g, x, { alpha }) => g.mul(x, g.unary('sigmoid', g.mul(x, alpha)))),
  ThresholdedRelu: activation({ alpha: 1 }, (g, x, { alpha }) => g.select(g.binary('gt', x, alpha), x, 0)),
};
