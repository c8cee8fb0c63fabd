import type { DType } from '../dtype.ts';
import type { Buffer, Scope, TensorFunc } from '../tensor/tensor-func.ts';
import { GlobalName, symbols, Word, wordToken } from './lexer.ts';
import type { Param } from './parse-base.ts';
import type { Named, Rule } from './parse-recovery.ts';
import { listBody, StmtParser } from './parse-stmt.ts';

const scopes: Readonly<Record<Scope, true>> = { global: true, thread: true, workgroup: true, local: true };
interface Header {
  readonly name: string;
  readonly sizes: readonly Named[];
  readonly inputs: readonly Param[];
  readonly outputs: readonly Param[];
}

const noHeader: Header = { name: '', sizes: [], inputs: [], outputs: [] };

/** Functions of the loop-level IR; see `printTensorFunc` for their syntax. */
export abstract class TensorParser extends StmtParser {
  readonly func: Rule<TensorFunc> = this.RULE('func', (): TensorFunc => {
    this.CONSUME(wordToken('func'));
    this.#enter();
    const header =
      this.recovering(
        () => this.SUBRULE(this.#header),
        () => this.skipToBrace(),
      ) ?? noHeader;
    this.ACTION(() => this.#declareHeader(header));
    const content = this.braced(() => this.SUBRULE(this.#content));
    return this.ACTION(() => ({
      name: header.name,
      sizes: header.sizes.map(({ name }) => name),
      inputs: header.inputs.map((input) => bufferOf(input)),
      outputs: header.outputs.map((output) => bufferOf(output)),
      ...content,
    }));
  });

  readonly #content: Rule<Pick<TensorFunc, 'temps' | 'body'>> = this.RULE(
    'funcContent',
    (): Pick<TensorFunc, 'temps' | 'body'> => {
      const temps: Buffer[] = [];
      this.MANY(() => {
        const temp = this.recovering(
          () => this.SUBRULE(this.#temp),
          () => this.skipStatement(),
        );
        if (temp !== undefined) temps.push(temp);
      });
      const body = this.SUBRULE(this.stmts);
      return this.ACTION(() => ({ temps, body: listBody(body) }));
    },
  );

  /** Functions do not nest: each starts without names. */
  #enter(): void {
    this.buffers = new Map();
    this.variables = new Set();
    this.blocks = new Set();
  }

  readonly #header: Rule<Header> = this.RULE('funcHeader', (): Header => {
    const name = this.nameOf(this.CONSUME(GlobalName));
    const sizes = this.OPTION(() => this.SUBRULE(this.#sizes)) ?? [];
    const inputs = this.SUBRULE1(this.#params);
    this.CONSUME(symbols['->']);
    const outputs = this.SUBRULE2(this.#params);
    return { name, sizes, inputs, outputs };
  });

  readonly #sizes: Rule<readonly Named[]> = this.RULE('sizes', (): readonly Named[] => {
    const sizes: Named[] = [];
    this.CONSUME(symbols['(']);
    this.AT_LEAST_ONE_SEP({ SEP: symbols[','], DEF: () => sizes.push(this.SUBRULE(this.name)) });
    this.CONSUME(symbols[')']);
    return sizes;
  });

  readonly #params: Rule<readonly Param[]> = this.RULE('params', (): readonly Param[] => {
    const params: Param[] = [];
    this.CONSUME(symbols['(']);
    this.MANY_SEP({ SEP: symbols[','], DEF: () => params.push(this.SUBRULE(this.param)) });
    this.CONSUME(symbols[')']);
    return params;
  });

  #declareHeader({ sizes, inputs, outputs }: Header): void {
    for (const size of sizes) this.define('variable', this.variables, size);
    for (const param of [...inputs, ...outputs]) this.#declareBuffer(param, param.type.dtype);
  }

  #declareBuffer({ name, token }: Named, dtype: DType): void {
    if (this.buffers.has(name)) this.report(`buffer ${token.image} is already defined`, token);
    this.buffers.set(name, dtype);
  }

  readonly #temp: Rule<Buffer> = this.RULE('temp', (): Buffer => {
    this.CONSUME(wordToken('temp'));
    const param = this.SUBRULE(this.param);
    const scope = this.oneOf(scopes, this.CONSUME(Word), 'scope') ?? 'global';
    this.ACTION(() => this.#declareBuffer(param, param.type.dtype));
    return this.ACTION(() => bufferOf(param, scope));
  });
}

const bufferOf = ({ name, type }: Param, scope: Scope = 'global'): Buffer => ({ name, ...type, scope });
