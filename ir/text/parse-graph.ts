import type { IToken } from 'chevrotain';
import type { Constant, Graph, Node, Output, Value } from '../graph/graph.ts';
import type { OpAttrs, OpName } from '../graph/op-attrs.ts';
import { type AttrReader, attrSchemas, isOpName, type WrittenAttr } from './attr-schema.ts';
import { AnyWord, GlobalName, Quoted, symbols, ValueName, Word, wordToken } from './lexer.ts';
import type { Param } from './parse-base.ts';
import { ConstantParser } from './parse-constant.ts';
import type { Named, Rule } from './parse-recovery.ts';

interface WrittenOutput extends Output {
  readonly outputToken: IToken;
  readonly valueToken: IToken;
}

interface Header {
  readonly name: string;
  readonly inputs: readonly Param[];
  readonly outputs: readonly WrittenOutput[];
}

const noHeader: Header = { name: '', inputs: [], outputs: [] };

interface Attribute extends Named {
  readonly written: WrittenAttr;
}

/** The names that a graph's text has defined and used so far. */
interface Names {
  readonly values: Set<string>;
  readonly nodes: Set<string>;
  readonly used: Named[];
}

/** Graphs; see `printGraph` for their syntax. Values may be used in any order: the verifier looks at that. */
export class GraphParser extends ConstantParser {
  #names: Names = { values: new Set(), nodes: new Set(), used: [] };

  constructor() {
    super();
    this.performSelfAnalysis();
  }

  readonly graph: Rule<Graph> = this.RULE('graph', (): Graph => {
    const outer = this.#names;
    this.#names = { values: new Set(), nodes: new Set(), used: [] };
    try {
      return this.#graphOfOwnNames();
    } finally {
      this.#names = outer;
    }
  });

  #graphOfOwnNames(): Graph {
    this.CONSUME(wordToken('graph'));
    const header =
      this.recovering(
        () => this.SUBRULE(this.#header),
        () => this.skipToBrace(),
      ) ?? noHeader;
    this.ACTION(() => this.#declareInputs(header));
    const body = this.braced(() => this.SUBRULE(this.#lines));
    return this.ACTION(() => {
      this.#checkNames(header);
      const outputs = header.outputs.map(({ name, value }) => ({ name, value }));
      return { name: header.name, inputs: header.inputs.map(valueOf), ...body, outputs };
    });
  }

  readonly #lines: Rule<Pick<Graph, 'constants' | 'nodes'>> = this.RULE('lines', () => {
    const constants: Constant[] = [];
    const nodes: Node[] = [];
    do {
      this.MANY(() => {
        this.recovering(
          () =>
            this.OR({
              DEF: [
                {
                  ALT: () => {
                    const { data, ...named } = this.SUBRULE(this.constant);
                    this.ACTION(() => this.define('value', this.#names.values, named));
                    constants.push({ name: named.name, data });
                  },
                },
                { ALT: () => nodes.push(this.SUBRULE(this.#node)) },
              ],
              ERR_MSG: 'a constant or a node',
            }),
          () => this.skipStatement(),
        );
      });
    } while (this.skipStray('a constant or a node'));
    return { constants, nodes };
  });

  readonly #header: Rule<Header> = this.RULE('graphHeader', (): Header => {
    const name = this.nameOf(this.CONSUME(GlobalName));
    const inputs: Param[] = [];
    this.CONSUME1(symbols['(']);
    this.MANY_SEP1({ SEP: symbols[','], DEF: () => inputs.push(this.SUBRULE(this.param)) });
    this.CONSUME1(symbols[')']);
    this.CONSUME(symbols['->']);
    const outputs: WrittenOutput[] = [];
    this.CONSUME2(symbols['(']);
    this.MANY_SEP2({ SEP: symbols[','], DEF: () => outputs.push(this.SUBRULE(this.#output)) });
    this.CONSUME2(symbols[')']);
    return { name, inputs, outputs };
  });

  readonly #output: Rule<WrittenOutput> = this.RULE('output', (): WrittenOutput => {
    const outputToken = this.CONSUME(Quoted);
    this.CONSUME(symbols['=']);
    const valueToken = this.CONSUME(ValueName);
    return { name: this.nameOf(outputToken), value: this.nameOf(valueToken), outputToken, valueToken };
  });

  #declareInputs({ inputs, outputs }: Header): void {
    for (const input of inputs) this.define('value', this.#names.values, input);
    const names = new Set<string>();
    for (const { name, outputToken } of outputs) this.define('output', names, { name, token: outputToken });
  }

  #checkNames({ outputs }: Header): void {
    const given = outputs.map(({ value, valueToken }) => ({ name: value, token: valueToken }));
    for (const { name, token } of [...this.#names.used, ...given]) {
      if (!this.#names.values.has(name) && !this.lostNames.has(name)) {
        this.report(`unknown value ${token.image}`, token);
      }
    }
  }

  readonly #node: Rule<Node> = this.RULE('node', (): Node => {
    const results: Param[] = [];
    this.MANY_SEP1({ SEP: symbols[','], DEF: () => results.push(this.SUBRULE(this.param)) });
    this.CONSUME(symbols['=']);
    const op = this.CONSUME(AnyWord);
    const operands: Named[] = [];
    this.CONSUME(symbols['(']);
    this.MANY_SEP2({ SEP: symbols[','], DEF: () => operands.push(this.named(this.CONSUME(ValueName))) });
    this.CONSUME(symbols[')']);
    const nameToken = this.OPTION1(() => this.CONSUME(GlobalName));
    const written = this.OPTION2(() => this.SUBRULE(this.#attributes)) ?? [];
    return this.ACTION(() => {
      this.#names.used.push(...operands);
      for (const result of results) this.define('value', this.#names.values, result);
      return {
        op: op.image as OpName,
        name: this.#nodeName(nameToken, results[0]),
        inputs: operands.map(({ name }) => name),
        attrs: this.#readAttributes(op, written),
        outputs: results.map(valueOf),
      } as Node;
    });
  });

  /** The name after `@`, else that of the first result. */
  #nodeName(token: IToken | undefined, result: Param | undefined): string {
    const named = token === undefined ? result : this.named(token);
    if (named === undefined) return '';
    this.define('node', this.#names.nodes, named);
    return named.name;
  }

  readonly #attributes: Rule<readonly Attribute[]> = this.RULE('attributes', (): readonly Attribute[] => {
    const attributes: Attribute[] = [];
    this.CONSUME(symbols['{']);
    this.MANY_SEP({
      SEP: symbols[','],
      DEF: () => {
        const named = this.named(this.CONSUME(AnyWord));
        this.CONSUME(symbols['=']);
        attributes.push({ ...named, written: this.SUBRULE(this.#attribute) });
      },
    });
    this.CONSUME(symbols['}']);
    return attributes;
  });

  readonly #attribute: Rule<WrittenAttr> = this.RULE(
    'attribute',
    (): WrittenAttr =>
      this.OR({
        DEF: [
          { ALT: () => ({ kind: 'integer' as const, value: this.SUBRULE1(this.integer) }) },
          { ALT: () => ({ kind: 'integer' as const, value: this.SUBRULE(this.#negativeInteger) }) },
          { ALT: () => ({ kind: 'string' as const, value: this.nameOf(this.CONSUME(Quoted)) }) },
          { ALT: () => ({ kind: 'list' as const, value: this.SUBRULE(this.shape) }) },
          { ALT: () => ({ kind: 'graph' as const, value: this.SUBRULE(this.graph) }) },
          { ALT: () => ({ kind: 'func' as const, value: this.SUBRULE(this.func) }) },
          { ALT: () => wordAttr(this.CONSUME(Word).image) },
        ],
        ERR_MSG: 'a number, a string, true, false, a list, a graph or a func',
      }),
  );

  readonly #negativeInteger: Rule<number> = this.RULE('negativeInteger', (): number => {
    this.CONSUME(symbols['-']);
    return 0 - this.SUBRULE(this.integer);
  });

  #readAttributes(op: IToken, attributes: readonly Attribute[]): OpAttrs[OpName] {
    if (!isOpName(op.image)) {
      this.report(`unknown operator ${op.image}`, op);
      return {};
    }
    const schema: Readonly<Record<string, AttrReader>> = attrSchemas[op.image];
    const seen = new Set<string>();
    const entries = attributes.map((attribute) => {
      this.define('attribute', seen, attribute);
      return [attribute.name, this.#readAttribute(op, schema, attribute)];
    });
    const missing = Object.keys(schema).filter((name) => !seen.has(name));
    // A name that is misspelt is one mistake.
    if (missing.length > 0 && attributes.every(({ name }) => Object.hasOwn(schema, name))) {
      this.report(`${op.image} needs the attribute${missing.length > 1 ? 's' : ''} ${missing.join(', ')}`, op);
    }
    return Object.fromEntries(entries) as OpAttrs[OpName];
  }

  #readAttribute(
    op: IToken,
    schema: Readonly<Record<string, AttrReader>>,
    { name, token, written }: Attribute,
  ): unknown {
    const type = Object.hasOwn(schema, name) ? schema[name] : undefined;
    if (type === undefined) {
      const known = Object.keys(schema);
      const hint = known.length === 0 ? 'it has none' : `expected ${known.join(', ')}`;
      this.report(`${op.image} has no attribute ${name}: ${hint}`, token);
      return undefined;
    }
    const value: unknown = type.read(written);
    if (value === undefined) this.report(`attribute ${name} of ${op.image} must be ${type.expected}`, token);
    return value;
  }
}

const valueOf = ({ name, type }: Param): Value => ({ name, type });

const wordAttr = (word: string): WrittenAttr =>
  word === 'true' || word === 'false' ? { kind: 'boolean', value: word === 'true' } : { kind: 'word', value: word };
