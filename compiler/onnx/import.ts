import type { GraphProto } from 'onnx-buf';
import { OnnxImportError, UnsupportedError } from '../../ir/errors.ts';
import { GraphBuilder } from '../../ir/graph/build.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import { decodeModel } from './decode.ts';
import { createEmitter } from './emitter.ts';
import { type InputOptions, modelInputs } from './inputs.ts';
import { constantOperand } from './operand.ts';
import { functionsByKey, importedOpsets } from './opsets.ts';
import { createScope, type Scope } from './scope.ts';
import { dtypeFromCode, type ExternalData } from './tensor.ts';
import { attempt, bindInitializers, importNodes, type Walk } from './walk.ts';
import { createWriter } from './writer.ts';

export interface ImportOptions extends InputOptions {
  /** Gives the data that the model keeps in files beside it. */
  readonly externalData?: ExternalData;
  /** The name of the graph; the model's own where it is not given. */
  readonly name?: string;
}

/**
 * The graph of an ONNX model: its operators decomposed into the core ones, its functions inlined, its shape
 * computations evaluated. Throws OnnxImportError where the bytes are no valid model or the options contradict it, and
 * one UnsupportedError that lists everything in the model that is not supported.
 */
export function importOnnx(bytes: Uint8Array, options: ImportOptions = {}): Graph {
  const { proto, graph } = decodeModel(bytes);
  const builder = new GraphBuilder(options.name ?? graph.name);
  const walk: Walk = {
    writer: createWriter(createEmitter(builder)),
    functions: functionsByKey(proto.functions),
    externalData: options.externalData,
    refused: [],
    opsets: importedOpsets(proto.opsetImport),
    attributes: new Map(),
    calls: [],
  };
  const scope = createScope();
  bindInitializers(graph, scope, walk);
  bindInputs(graph, scope, walk, builder, options);
  importNodes(graph.node, scope, walk);
  bindOutputs(graph, scope, walk, builder);
  if (walk.refused.length > 0) throw new UnsupportedError([...new Set(walk.refused)]);
  return builder.finish();
}

/** An input that has an initializer is a constant: nothing feeds it. */
function bindInputs(graph: GraphProto, scope: Scope, walk: Walk, builder: GraphBuilder, options: ImportOptions): void {
  const fed = graph.input.filter(({ name }) => !scope.owns(name));
  const inputs = attempt(walk, '', () => modelInputs(fed, options));
  if (inputs === undefined) {
    for (const { name } of fed) scope.set(name, 'unknown');
    return;
  }
  for (const { name, dtype, shape } of inputs) {
    if (scope.owns(name)) throw new OnnxImportError(`two inputs are called ${JSON.stringify(name)}`);
    const given = options.values?.[name];
    if (given !== undefined) {
      scope.set(name, constantOperand(given, name));
      continue;
    }
    const value = builder.input(name, dtype, shape);
    scope.set(name, { kind: 'value', type: value.type, value });
  }
}

function bindOutputs(graph: GraphProto, scope: Scope, walk: Walk, builder: GraphBuilder): void {
  const seen = new Set<string>();
  for (const { name, type } of graph.output) {
    const place = `output ${JSON.stringify(name)}`;
    const operand = scope.get(name);
    if (operand === undefined || operand === 'absent') throw new OnnxImportError(`${place} is the name of no value`);
    if (seen.has(name)) throw new OnnxImportError(`two outputs are called ${JSON.stringify(name)}`);
    seen.add(name);
    if (operand === 'unknown') continue;
    const declared = type?.value.case === 'tensorType' ? type.value.value.elemType : 0;
    const dtype = declared === 0 ? operand.type.dtype : attempt(walk, '', () => dtypeFromCode(declared, place));
    if (dtype !== undefined && dtype !== operand.type.dtype) {
      throw new OnnxImportError(`${place} is declared as ${dtype}, its value is ${operand.type.dtype}`);
    }
    builder.output(name, walk.writer.value(operand));
  }
}
