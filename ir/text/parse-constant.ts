import type { IToken } from 'chevrotain';
import { isStatic, printShape } from '../dim.ts';
import { byteSize, type DType, isFloat } from '../dtype.ts';
import { arrayFromBytes, elementCount, newArray, type TensorData, type TypedArray, zeros } from '../tensor-data.ts';
import { NumberLiteral, Quoted, symbols, Word, wordToken } from './lexer.ts';
import { readScalar } from './literals.ts';
import type { Param } from './parse-base.ts';
import type { Named, Rule } from './parse-recovery.ts';
import { TensorParser } from './parse-tensor.ts';

interface WrittenConstant extends Named {
  readonly data: TensorData;
}

/** An element of a constant's list. */
interface Element {
  readonly token: IToken;
  readonly isNegative: boolean;
}

type Data = { readonly elements: readonly Element[] } | { readonly base64: string };

/** The constants of graphs: a list of elements, or the base64 of their bytes. */
export abstract class ConstantParser extends TensorParser {
  /** `constant %w: f32[2] = [1, 0]`. */
  protected readonly constant: Rule<WrittenConstant> = this.RULE('constant', (): WrittenConstant => {
    this.CONSUME(wordToken('constant'));
    const param = this.SUBRULE(this.param);
    this.CONSUME(symbols['=']);
    const data: Data = this.OR({
      DEF: [
        { ALT: () => ({ elements: this.SUBRULE(this.#elements) }) },
        { ALT: () => ({ base64: this.SUBRULE(this.#base64) }) },
      ],
      ERR_MSG: "a list or 'base64'",
    });
    return this.ACTION(() => ({ name: param.name, token: param.token, data: this.#readData(param, data) }));
  });

  readonly #elements: Rule<readonly Element[]> = this.RULE('elements', (): readonly Element[] => {
    const elements: Element[] = [];
    this.CONSUME(symbols['[']);
    this.MANY_SEP({
      SEP: symbols[','],
      DEF: () => {
        const isNegative = this.OPTION(() => this.CONSUME(symbols['-'])) !== undefined;
        const token = this.OR({
          DEF: [{ ALT: () => this.CONSUME(NumberLiteral) }, { ALT: () => this.CONSUME(Word) }],
          ERR_MSG: 'a number',
        });
        elements.push({ token, isNegative });
      },
    });
    this.CONSUME(symbols[']']);
    return elements;
  });

  readonly #base64: Rule<string> = this.RULE('base64', (): string => {
    const word = this.CONSUME(Word);
    if (word.image !== 'base64') this.report(`expected a list or 'base64' but found '${word.image}'`, word);
    return this.CONSUME(Quoted).image.slice(1, -1);
  });

  #readData({ token, type: { dtype, shape } }: Param, data: Data): TensorData {
    if (!shape.every(isStatic)) {
      this.report(`constant ${token.image} has symbols in its shape ${printShape(shape)}`, token);
      return zeros(dtype, [0]);
    }
    const count = elementCount(shape);
    const array = 'base64' in data ? this.#decode(token, dtype, data.base64) : this.#readList(dtype, data.elements);
    if (array !== undefined && array.length !== count) {
      const expected = `${count} element${count === 1 ? '' : 's'} of ${dtype}`;
      this.report(`constant ${token.image} holds ${array.length}, expected ${expected}`, token);
    }
    return { dtype, shape, data: array ?? newArray(dtype, 0) };
  }

  /** Bytes in base64, little-endian, as typed arrays are on every machine that runs JavaScript engines of today. */
  #decode(token: IToken, dtype: DType, base64: string): TypedArray | undefined {
    const bytes = Buffer.from(base64, 'base64');
    if (bytes.length % byteSize(dtype) === 0 && bytes.toString('base64') === base64) {
      // A copy: small buffers of Node are parts of a shared one.
      return arrayFromBytes(dtype, new Uint8Array(bytes));
    }
    this.report(`constant ${token.image} is not the base64 of elements of ${dtype}`, token);
    return undefined;
  }

  #readList(dtype: DType, elements: readonly Element[]): TypedArray {
    const array = newArray(dtype, elements.length);
    elements.forEach(({ token, isNegative }, i) => {
      // The elements of f16 are their bits.
      const isNumber = /^\d/.test(token.image) || (isFloat(dtype) && /^(inf|nan)$/.test(token.image));
      const value = isNumber ? readScalar(token.image, isNegative, dtype === 'f16' ? 'u16' : dtype) : undefined;
      if (value === undefined) this.report(`${isNegative ? '-' : ''}${token.image} is no value of ${dtype}`, token);
      else array[i] = value;
    });
    return array;
  }
}
