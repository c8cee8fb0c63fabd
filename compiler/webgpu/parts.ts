import { invariant } from '../../ir/errors.ts';
import { valueTypes } from '../../ir/graph/edit.ts';
import type { Graph, TensorType, Value } from '../../ir/graph/graph.ts';
import { aliasSources, isAlias, sourceOf } from '../kernels.ts';

/** The part of a fused graph that one of two devices computes, with what it is given and gives. */
export interface Part {
  /** Its inputs are what it reads of the other part and of the whole's inputs, its outputs what is read outside of it. */
  readonly graph: Graph;
  /** The inputs that the other part computes. */
  readonly received: ReadonlySet<string>;
  /** The sources of those outputs of the whole graph that are taken from it. */
  readonly leaving: ReadonlySet<string>;
}

/**
 * Cuts a fused graph in two: the nodes that the processor computes, and those that a GPU does. Both keep the order of their
 * nodes. Values are known by the source of their memory, so that a reshape alone belongs to neither. What leaves the graph
 * is an output of the part that computes it, or of that which `isForHost` says, where it is an input or a constant.
 */
export function partsOf(
  graph: Graph,
  onHost: ReadonlySet<string>,
  isForHost: (value: string) => boolean,
): { readonly device: Part; readonly host: Part } {
  const sources = aliasSources(graph);
  const computed = new Map(
    graph.nodes
      .filter((node) => !isAlias(node))
      .flatMap((node) => node.outputs.map(({ name }) => [name, onHost.has(node.name)] as const)),
  );
  const outputs = new Map(
    graph.outputs.map(({ value }) => {
      const source = sourceOf(value, sources);
      return [source, computed.get(source) ?? isForHost(source)] as const;
    }),
  );
  const part = (isHost: boolean): Part => partOf(graph, { onHost, isHost, sources, computed, outputs });
  return { device: part(false), host: part(true) };
}

interface Cut {
  readonly onHost: ReadonlySet<string>;
  readonly isHost: boolean;
  readonly sources: ReadonlyMap<string, string>;
  /** Of each value that a node computes: whether that is on the host. */
  readonly computed: ReadonlyMap<string, boolean>;
  /** Of each value that leaves the graph, the same. */
  readonly outputs: ReadonlyMap<string, boolean>;
}

function partOf(graph: Graph, { onHost, isHost, sources, computed, outputs }: Cut): Part {
  const types = valueTypes(graph);
  const readBy = (host: boolean): ReadonlySet<string> =>
    new Set(
      graph.nodes
        .filter((node) => !isAlias(node) && onHost.has(node.name) === host)
        .flatMap((node) => node.inputs.map((input) => sourceOf(input, sources))),
    );
  const [own, others] = [readBy(isHost), readBy(!isHost)];
  const leaving = new Set([...outputs].filter(([, host]) => host === isHost).map(([source]) => source));
  const constants = graph.constants.filter(({ name }) => own.has(name) || leaving.has(name));
  const isOurs = (source: string): boolean => own.has(source) || leaving.has(source) || computed.get(source) === isHost;
  const given = graph.inputs.filter(({ name }) => own.has(name) || leaving.has(name));
  const received = [...own].filter((source) => computed.get(source) === !isHost);
  const sent = [...computed].flatMap(([value, host]) => (host === isHost && others.has(value) ? [value] : []));
  const results = new Set([...sent, ...leaving]);
  return {
    graph: {
      ...graph,
      inputs: [...given, ...received.map((name): Value => ({ name, type: typeOf(types, name) }))],
      constants,
      nodes: graph.nodes.filter((node) =>
        isAlias(node) ? isOurs(sourceOf(node.inputs[0] ?? '', sources)) : onHost.has(node.name) === isHost,
      ),
      outputs: [...results].map((value) => ({ name: value, value })),
    },
    received: new Set(received),
    leaving,
  };
}

function typeOf(types: ReadonlyMap<string, TensorType>, value: string): TensorType {
  const type = types.get(value);
  invariant(type !== undefined, `no value ${value} in the graph`);
  return type;
}
