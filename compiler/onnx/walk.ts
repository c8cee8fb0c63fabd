import type { AttributeProto, FunctionProto, GraphProto, NodeProto } from 'onnx-buf';
import { CompilerError, OnnxImportError, UnsupportedError } from '../../ir/errors.ts';
import { type OnnxNode, onnxNode, placeOf } from './node.ts';
import { onnxOps } from './op-table.ts';
import { constantOperand, type Operand } from './operand.ts';
import { domainOf, functionKey, importedOpsets, type Opsets } from './opsets.ts';
import type { OnnxOpRow } from './row.ts';
import { type Bound, createScope, type Scope } from './scope.ts';
import { sortNodes } from './sort.ts';
import { type ExternalData, tensorFromProto } from './tensor.ts';
import type { Writer } from './writer.ts';

/** What is the same for all nodes of a graph, or of a function's body. */
export interface Walk {
  readonly writer: Writer;
  readonly functions: ReadonlyMap<string, FunctionProto>;
  readonly externalData: ExternalData | undefined;
  /** What was found not to be supported so far. */
  readonly refused: string[];
  readonly opsets: Opsets;
  /** The attributes that the function was called with, which its nodes refer to. */
  readonly attributes: ReadonlyMap<string, AttributeProto>;
  /** The functions that are being inlined. */
  readonly calls: readonly string[];
}

export function bindInitializers(graph: GraphProto, scope: Scope, walk: Walk): void {
  for (const { values } of graph.sparseInitializer) {
    walk.refused.push(`sparse initializer ${JSON.stringify(values?.name ?? '')}`);
    scope.set(values?.name ?? '', 'unknown');
  }
  for (const proto of graph.initializer) {
    const place = `initializer ${JSON.stringify(proto.name)}`;
    if (scope.owns(proto.name)) throw new OnnxImportError(`two initializers are called ${JSON.stringify(proto.name)}`);
    scope.set(
      proto.name,
      attempt(walk, '', () => constantOperand(tensorFromProto(proto, place, walk.externalData), proto.name)) ??
        'unknown',
    );
  }
}

/**
 * Imports nodes in an order in which values are computed before they are used, and binds their outputs. A node that is
 * not supported is noted, its results are unknown, and what needs them is left out: one run finds every such node.
 */
export function importNodes(nodes: readonly NodeProto[], scope: Scope, walk: Walk): void {
  for (const node of sortNodes(nodes)) {
    const results = importNode(node, scope, walk);
    for (const [i, name] of node.output.entries()) {
      if (name === '') continue;
      if (scope.owns(name))
        throw new OnnxImportError(`${place(node, walk)}: the value ${JSON.stringify(name)} exists already`);
      const result = results === undefined ? 'unknown' : results[i];
      if (result === undefined) throw new OnnxImportError(`${place(node, walk)}: the operator has no output ${i}`);
      scope.set(name, result);
    }
  }
}

/** The node's results; undefined where they are not known. */
function importNode(node: NodeProto, scope: Scope, walk: Walk): readonly Bound[] | undefined {
  const inputs = node.input.map((name): Bound => {
    const found = name === '' ? 'absent' : scope.get(name);
    if (found === undefined) {
      throw new OnnxImportError(
        `${place(node, walk)}: ${JSON.stringify(name)} is no input, initializer or output of a node`,
      );
    }
    return found;
  });
  const attributes = resolveAttributes(node, walk);
  const called = walk.functions.get(functionKey(node.domain, node.opType, node.overload));
  if (called !== undefined) return inline(called, node, inputs, attributes, walk);
  const row = attempt(walk, place(node, walk), () => rowOf(node, attributes, walk));
  if (row === undefined || inputs.includes('unknown')) return undefined;
  const operands = inputs.map((input) => (typeof input === 'string' ? undefined : input));
  while (operands.length > 0 && operands.at(-1) === undefined) operands.pop();
  walk.writer.at(node.name || (node.output.find((name) => name !== '') ?? node.opType));
  return attempt(walk, place(node, walk), () =>
    row.import(nodeOf(node, operands, attributes, scope, walk), walk.writer),
  );
}

function nodeOf(
  proto: NodeProto,
  inputs: readonly (Operand | undefined)[],
  attributes: ReadonlyMap<string, AttributeProto>,
  scope: Scope,
  walk: Walk,
): OnnxNode {
  const importGraph = (graph: GraphProto): readonly Operand[] => {
    const inner = createScope(scope);
    bindInitializers(graph, inner, walk);
    importNodes(graph.node, inner, walk);
    return graph.output.map(({ name }) => {
      const found = inner.get(name);
      if (found === undefined)
        throw new OnnxImportError(`${place(proto, walk)}: output ${JSON.stringify(name)} is the name of no value`);
      // What made it unknown stands in the report already.
      if (typeof found === 'string') throw new UnsupportedError([]);
      return found;
    });
  };
  return onnxNode({
    proto,
    attributes,
    opset: opsetOf(proto, walk),
    inputs,
    externalData: walk.externalData,
    importGraph,
  });
}

/** Throws UnsupportedError where there is no row, or the row lacks an attribute of the node. */
function rowOf(node: NodeProto, attributes: ReadonlyMap<string, AttributeProto>, walk: Walk): OnnxOpRow {
  const opset = opsetOf(node, walk);
  const row = domainOf(node.domain) === '' && Object.hasOwn(onnxOps, node.opType) ? onnxOps[node.opType] : undefined;
  if (row === undefined) throw new UnsupportedError(['the operator']);
  if (row.since !== undefined && opset < row.since)
    throw new OnnxImportError(`${place(node, walk)}: the operator is new in opset ${row.since}`);
  const unknown = [...attributes.keys()].filter((name) => !(row.attributes ?? []).includes(name));
  if (unknown.length > 0) throw new UnsupportedError(unknown.map((name) => `attribute ${name}`));
  return row;
}

function opsetOf(node: NodeProto, walk: Walk): number {
  const opset = walk.opsets.get(domainOf(node.domain));
  if (opset === undefined) {
    throw new OnnxImportError(
      `${node.opType} (node ${JSON.stringify(node.name)}): the model does not import the domain ${JSON.stringify(node.domain)}`,
    );
  }
  return opset;
}

const place = (node: NodeProto, walk: Walk): string => placeOf(node, walk.opsets.get(domainOf(node.domain)) ?? 0);

/** The node's attributes, those that refer to the function's replaced by what it was called with, if anything. */
function resolveAttributes(node: NodeProto, walk: Walk): ReadonlyMap<string, AttributeProto> {
  return new Map(
    node.attribute.flatMap((attribute): [string, AttributeProto][] => {
      if (attribute.refAttrName === '') return [[attribute.name, attribute]];
      const given = walk.attributes.get(attribute.refAttrName);
      return given === undefined ? [] : [[attribute.name, given]];
    }),
  );
}

function inline(
  called: FunctionProto,
  node: NodeProto,
  inputs: readonly Bound[],
  attributes: ReadonlyMap<string, AttributeProto>,
  walk: Walk,
): readonly Bound[] | undefined {
  const key = functionKey(called.domain, called.name, called.overload);
  if (walk.calls.includes(key)) throw new OnnxImportError(`${place(node, walk)}: the function calls itself`);
  if (inputs.length > called.input.length)
    throw new OnnxImportError(
      `${place(node, walk)}: the function has ${called.input.length} inputs, not ${inputs.length}`,
    );
  const defaults = called.attributeProto.map((attribute): [string, AttributeProto] => [attribute.name, attribute]);
  const opsets = attempt(walk, place(node, walk), () => importedOpsets(called.opsetImport));
  if (opsets === undefined) return undefined;
  const body: Walk = {
    ...walk,
    opsets,
    attributes: new Map([...defaults, ...attributes]),
    calls: [...walk.calls, key],
  };
  const scope = createScope();
  for (const [i, name] of called.input.entries()) scope.set(name, inputs[i] ?? 'absent');
  importNodes(called.node, scope, body);
  return called.output.map((name) => {
    const found = scope.get(name);
    if (found === undefined)
      throw new OnnxImportError(
        `${place(node, walk)}: the function's output ${JSON.stringify(name)} is the name of no value`,
      );
    return found;
  });
}

/** Notes what is not supported, with the place, and gives undefined. Says the place of every other error of the user's. */
export function attempt<T>(walk: Walk, where: string, action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof UnsupportedError) {
      walk.refused.push(
        ...error.items.map((item) => (where === '' || item.startsWith(where) ? item : `${where}: ${item}`)),
      );
      return undefined;
    }
    if (!(error instanceof CompilerError) || error instanceof OnnxImportError) throw error;
    throw new OnnxImportError(`${where}: ${error.message}`, { cause: error });
  }
}
