/** Draws a picture as high as the canvas, or as wide if that is less, on white. */
export async function drawPicture(canvas: HTMLCanvasElement, picture: Blob): Promise<void> {
  const bitmap = await createImageBitmap(picture);
  const scale = Math.min(canvas.height / bitmap.height, canvas.width / bitmap.width);
  const context = cleared(canvas);
  context.drawImage(bitmap, 0, 0, bitmap.width * scale, bitmap.height * scale);
}

/** Writes a line of text, as narrow as it must be to fit. */
export function drawText(canvas: HTMLCanvasElement, text: string): void {
  const context = cleared(canvas);
  context.fillStyle = 'black';
  context.font = `${canvas.height * 0.6}px sans-serif`;
  context.textBaseline = 'middle';
  context.fillText(text, 8, canvas.height / 2, canvas.width - 16);
}

/** Three planes (red, green, blue), each value from -1 to 1: what the recogniser was trained on. */
export function readPlanes(canvas: HTMLCanvasElement): Float32Array {
  const { data } = contextOf(canvas).getImageData(0, 0, canvas.width, canvas.height);
  const size = canvas.width * canvas.height;
  return Float32Array.from({ length: 3 * size }, (_, i) => {
    const channel = Math.floor(i / size);
    return ((data[4 * (i - channel * size) + channel] ?? 0) / 255 - 0.5) / 0.5;
  });
}

function cleared(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = contextOf(canvas);
  context.fillStyle = 'white';
  context.fillRect(0, 0, canvas.width, canvas.height);
  return context;
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('this browser draws on no canvas');
  return context;
}
