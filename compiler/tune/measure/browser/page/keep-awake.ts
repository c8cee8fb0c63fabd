/** Keeps the screen on while the page is shown, where the browser can, since a device that sleeps measures nothing. */
export function keepAwake(signal: AbortSignal): void {
  // Browsers give it only to pages of localhost or HTTPS.
  const { wakeLock } = navigator as { readonly wakeLock?: WakeLock };
  let lock: WakeLockSentinel | undefined;
  const request = async (): Promise<void> => {
    if (document.visibilityState === 'visible' && !signal.aborted) lock = await wakeLock?.request('screen');
  };
  // A battery that is low is a reason to refuse.
  const attempt = (): unknown => request().catch(() => undefined);
  document.addEventListener('visibilitychange', attempt, { signal });
  signal.addEventListener('abort', () => void lock?.release().catch(() => undefined));
  attempt();
}
