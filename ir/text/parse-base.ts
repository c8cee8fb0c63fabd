import type { IToken } from 'chevrotain';
import { addDims, affineDim, type Dim, type Shape, scaleDim } from '../dim.ts';
import { type DType, dtypes } from '../dtype.ts';
import type { TensorType } from '../graph/graph.ts';
import { AnyWord, NumberLiteral, Quoted, symbols, ValueName, Word } from './lexer.ts';
import { type Named, RecoveringParser, type Rule } from './parse-recovery.ts';

export interface Param extends Named {
  readonly type: TensorType;
}

const isDType = (word: string): word is DType => (dtypes as readonly string[]).includes(word);

/** What both syntaxes share: names, dimensions and types. */
export abstract class BaseParser extends RecoveringParser {
  /** One of the words that are the keys of a table. */
  protected oneOf<K extends string>(table: Readonly<Record<K, true>>, token: IToken, what: string): K | undefined {
    const keys = Object.keys(table) as K[];
    const key = keys.find((each) => each === token.image);
    if (key === undefined) this.report(`unknown ${what} ${token.image}, expected one of ${keys.join(', ')}`, token);
    return key;
  }

  protected dtypeOf(token: IToken, word: string = token.image): DType {
    if (isDType(word)) return word;
    this.report(`unknown dtype ${word}, expected one of ${dtypes.join(', ')}`, token);
    return 'f32';
  }

  /** A bare name that is no word of the syntax, or a quoted one. */
  protected readonly name: Rule<Named> = this.RULE('name', () =>
    this.named(
      this.OR({
        DEF: [{ ALT: () => this.CONSUME(Word) }, { ALT: () => this.CONSUME(Quoted) }],
        ERR_MSG: 'a name',
      }),
    ),
  );

  readonly #symbol: Rule<Dim> = this.RULE('symbol', () => {
    const token = this.OR({
      DEF: [{ ALT: () => this.CONSUME(AnyWord) }, { ALT: () => this.CONSUME(Quoted) }],
      ERR_MSG: 'a symbol',
    });
    return affineDim(0, [{ symbol: this.nameOf(token), coefficient: 1 }]);
  });

  protected readonly integer: Rule<number> = this.RULE('integer', () => {
    const token = this.CONSUME(NumberLiteral);
    const value = Number(token.image);
    if (Number.isSafeInteger(value) && /^\d+$/.test(token.image)) return value;
    this.report(`${token.image} is no integer that fits`, token);
    return 0;
  });

  readonly #term: Rule<Dim> = this.RULE('term', () =>
    this.OR({
      DEF: [
        {
          ALT: () => {
            const factor = this.SUBRULE(this.integer);
            const symbol = this.OPTION(() => {
              this.CONSUME(symbols['*']);
              return this.SUBRULE(this.#symbol);
            });
            return symbol === undefined ? factor : this.ACTION(() => scaleDim(symbol, factor));
          },
        },
        { ALT: () => this.SUBRULE2(this.#symbol) },
      ],
      ERR_MSG: 'a dimension',
    }),
  );

  /** An affine expression over symbols: `2*seq+1`. */
  protected readonly dim: Rule<Dim> = this.RULE('dim', () => {
    const isNegative = this.OPTION(() => this.CONSUME(symbols['-'])) !== undefined;
    const first = this.SUBRULE(this.#term);
    // Added to 0, so that no -0 is left.
    let sum = this.ACTION(() => addDims(0, isNegative ? scaleDim(first, -1) : first));
    this.MANY(() => {
      const sign = this.OR([{ ALT: () => this.CONSUME1(symbols['+']) }, { ALT: () => this.CONSUME1(symbols['-']) }]);
      const term = this.SUBRULE2(this.#term);
      this.ACTION(() => {
        sum = addDims(sum, sign.tokenType === symbols['-'] ? scaleDim(term, -1) : term);
      });
    });
    return sum;
  });

  protected readonly shape: Rule<Shape> = this.RULE('shape', () => {
    const dims: Dim[] = [];
    this.CONSUME(symbols['[']);
    this.MANY_SEP({ SEP: symbols[','], DEF: () => dims.push(this.SUBRULE(this.dim)) });
    this.CONSUME(symbols[']']);
    return dims;
  });

  /** `%x: f32[batch, 4]`. */
  protected readonly param: Rule<Param> = this.RULE('param', () => {
    const named = this.named(this.CONSUME(ValueName));
    this.CONSUME(symbols[':']);
    const dtype = this.dtypeOf(this.CONSUME(Word));
    const shape = this.SUBRULE(this.shape);
    return { ...named, type: { dtype, shape } };
  });
}
