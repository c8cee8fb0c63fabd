import type { DeviceProfile } from '../../../device.ts';
import type { Shown } from '../protocol.ts';

// What a person sees of it.

export function showState(text: string): void {
  show('state', text);
}

export function showProgress({ task, measured, failed }: Shown): void {
  show('task', task);
  show('measured', `${measured}`);
  show('failed', `${failed}`);
}

/** The device, and the steps of the page's clock in milliseconds. */
export function showDevice({ device, engine, features }: DeviceProfile, clockMs: number): void {
  show('device', device.fingerprint);
  show('engine', `${engine.name} ${engine.version} with ${features.join(', ')}`);
  const why = crossOriginIsolated
    ? ''
    : ': coarse, so that measuring takes longer; by an address of localhost, through a tunnel, it would be finer';
  show('clock', `${Number((1000 * clockMs).toPrecision(2))} µs${why}`);
}

function show(id: string, text: string): void {
  const element = document.querySelector(`#${id}`);
  if (element !== null) element.textContent = text;
}
