/** What a kernel computes; sizes as the field writes them. All on f32, with one image or sequence. */
export type Kernel =
  | { readonly kind: 'matmul'; readonly m: number; readonly k: number; readonly n: number }
  | ConvKernel
  | { readonly kind: 'softmax' | 'layernorm' | 'gelu'; readonly rows: number; readonly columns: number }
  | { readonly kind: 'elementwise'; readonly shape: readonly number[] };

/** A convolution with "same" padding, bias and ReLU; height and width of the input are `size`. */
export interface ConvKernel {
  readonly kind: 'conv' | 'depthwise';
  readonly channels: number;
  readonly filters: number;
  readonly size: number;
  readonly window: number;
  readonly stride: number;
}

export interface KernelCase {
  readonly id: string;
  readonly kernel: Kernel;
}

const matmul = (m: number, k = m, n = m): KernelCase => ({
  id: `matmul ${m === k && k === n ? m : `${m}x${k}x${n}`}`,
  kernel: { kind: 'matmul', m, k, n },
});

const conv = (window: number, channels: number, filters: number, size: number, stride = 1): KernelCase => ({
  id: `conv ${window}x${window} ${channels}→${filters} @${size}²${stride === 1 ? '' : ` /${stride}`}`,
  kernel: { kind: 'conv', channels, filters, size, window, stride },
});

const depthwise = (channels: number, size: number): KernelCase => ({
  id: `depthwise 3x3 ${channels} @${size}²`,
  kernel: { kind: 'depthwise', channels, filters: channels, size, window: 3, stride: 1 },
});

const byRow = (kind: 'softmax' | 'layernorm' | 'gelu', rows: number, columns: number): KernelCase => ({
  id: `${kind} ${rows}x${columns}`,
  kernel: { kind, rows, columns },
});

/** Every distinct convolution of ResNet-50 is among them. */
export const KERNEL_CASES: readonly KernelCase[] = [
  matmul(256),
  matmul(512),
  matmul(1024),
  matmul(128, 384, 1536),
  conv(7, 3, 64, 224, 2),
  conv(3, 64, 64, 56),
  conv(3, 128, 128, 28),
  conv(3, 256, 256, 14),
  conv(3, 512, 512, 7),
  conv(3, 128, 128, 56, 2),
  conv(3, 256, 256, 28, 2),
  conv(3, 512, 512, 14, 2),
  conv(1, 64, 64, 56),
  conv(1, 64, 256, 56),
  conv(1, 256, 64, 56),
  conv(1, 256, 128, 56),
  conv(1, 128, 512, 28),
  conv(1, 512, 128, 28),
  conv(1, 512, 256, 28),
  conv(1, 256, 1024, 14),
  conv(1, 1024, 256, 14),
  conv(1, 1024, 512, 14),
  conv(1, 512, 2048, 7),
  conv(1, 2048, 512, 7),
  conv(1, 256, 512, 56, 2),
  conv(1, 512, 1024, 28, 2),
  conv(1, 1024, 2048, 14, 2),
  depthwise(32, 112),
  depthwise(384, 14),
  byRow('softmax', 128, 1024),
  byRow('layernorm', 128, 768),
  byRow('gelu', 128, 3072),
  { id: 'six elementwise 802816', kernel: { kind: 'elementwise', shape: [1, 16, 224, 224] } },
];
