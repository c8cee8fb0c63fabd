import * as fc from 'fast-check';
import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';

/** Makes a kernel of the kind that models are made of, from three small extents. */
type Workload = (a: number, b: number, c: number) => string;

/** a × c times c × b, then a bias and a maximum with 0. */
const matmulBiasRelu: Workload = (a, b, c) => `
func @matmul(%A: f32[${a}, ${c}], %B: f32[${c}, ${b}], %bias: f32[${b}]) -> (%D: f32[${a}, ${b}]) {
  temp %C: f32[${a}, ${b}] global
  temp %S: f32[${a}, ${b}] global
  for i in ${a} { for j in ${b} { for k in ${c} {
    block C(vi: spatial(${a}) = i, vj: spatial(${b}) = j, vk: reduce(${c}) = k) {
      init { %C[vi, vj] = 0f32 }
      %C[vi, vj] = %C[vi, vj] + %A[vi, vk] * %B[vk, vj]
    }
  } } }
  for x in ${a} { for y in ${b} {
    block S(vx: spatial(${a}) = x, vy: spatial(${b}) = y) { %S[vx, vy] = %C[vx, vy] + %bias[vy] }
  } }
  for p in ${a} { for q in ${b} {
    block D(vp: spatial(${a}) = p, vq: spatial(${b}) = q) { %D[vp, vq] = max(%S[vp, vq], 0f32) }
  } }
}`;

/** A convolution in one dimension: a places, c taps, b channels in; the sum starts from a bias. */
const convolution: Workload = (a, b, c) => `
func @conv(%X: f32[${b}, ${a + c - 1}], %W: f32[${c}, ${b}], %bias: f32[1]) -> (%Y: f32[${a}]) {
  for x in ${a} { for t in ${c} { for m in ${b} {
    block Y(vx: spatial(${a}) = x, vt: reduce(${c}) = t, vm: reduce(${b}) = m) {
      init { %Y[vx] = %bias[0] }
      %Y[vx] = %Y[vx] + %X[vm, vx + vt] * %W[vt, vm]
    }
  } } }
}`;

/** The maximum of each row, what is left of it, and the sum of that; n rows, a number known only at run time. */
const rows: Workload = (_, b) => `
func @rows(n)(%A: f32[n, ${b}]) -> (%E: f32[n, ${b}], %S: f32[n]) {
  temp %M: f32[n] global
  for i in n { for k in ${b} {
    block M(vi: spatial(n) = i, vk: reduce(${b}) = k) {
      init { %M[vi] = -inff32 }
      %M[vi] = max(%M[vi], %A[vi, vk])
    }
  } }
  for x in n { for y in ${b} {
    block E(vx: spatial(n) = x, vy: spatial(${b}) = y) { %E[vx, vy] = %A[vx, vy] - %M[vx] }
  } }
  for p in n { for q in ${b} {
    block S(vp: spatial(n) = p, vq: reduce(${b}) = q) {
      init { %S[vp] = 0f32 }
      %S[vp] = %S[vp] + %E[vp, vq]
    }
  } }
}`;

/** Steps from element to element, with a transpose among them. */
const elementwise: Workload = (a, b) => `
func @steps(%A: f32[${a}, ${b}], %B: f32[${b}]) -> (%F: f32[${b}, ${a}]) {
  temp %C: f32[${a}, ${b}] global
  temp %D: f32[${b}, ${a}] global
  temp %E: f32[${b}, ${a}] global
  for i in ${a} { for j in ${b} {
    block C(vi: spatial(${a}) = i, vj: spatial(${b}) = j) { %C[vi, vj] = %A[vi, vj] * %B[vj] }
  } }
  for x in ${b} { for y in ${a} {
    block D(vx: spatial(${b}) = x, vy: spatial(${a}) = y) { %D[vx, vy] = %C[vy, vx] }
  } }
  for p in ${b} { for q in ${a} {
    block E(vp: spatial(${b}) = p, vq: spatial(${a}) = q) { %E[vp, vq] = abs(%D[vp, vq]) }
  } }
  for u in ${b} { for w in ${a} {
    block F(vu: spatial(${b}) = u, vw: spatial(${a}) = w) { %F[vu, vw] = min(%E[vu, vw], %D[vu, vw] + 1f32) }
  } }
}`;

/** The greatest product of two integers of a row. */
const greatestProduct: Workload = (a, b, c) => `
func @greatest(%A: i32[${a}, ${c}], %B: i32[${b}, ${c}]) -> (%G: i32[${a}, ${b}]) {
  for i in ${a} { for j in ${b} { for k in ${c} {
    block G(vi: spatial(${a}) = i, vj: spatial(${b}) = j, vk: reduce(${c}) = k) {
      init { %G[vi, vj] = -1000 }
      %G[vi, vj] = max(%G[vi, vj], %A[vi, vk] * %B[vj, vk])
    }
  } } }
}`;

export const workloads: readonly Workload[] = [matmulBiasRelu, convolution, rows, elementwise, greatestProduct];

export const arbitraryWorkload = (): fc.Arbitrary<TensorFunc> => {
  const extent = fc.integer({ min: 1, max: 9 });
  return fc
    .tuple(fc.constantFrom(...workloads), extent, extent, extent)
    .map(([workload, a, b, c]) => parseTensorFunc(workload(a, b, c)));
};
