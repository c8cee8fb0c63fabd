/** Where texts are kept by a key. Whatever fails rejects, or never ends. */
export interface Storage {
  /** Undefined where there is none. */
  readonly read: (key: string) => Promise<unknown>;
  readonly write: (key: string, text: string) => Promise<void>;
}
