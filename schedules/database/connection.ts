/** A value of a column, or of a parameter. */
export type Value = string | number;

export type Row = Readonly<Record<string, Value>>;

/** A connection to an SQL database, as far as a store and its migrations need one. */
export interface Connection {
  /** Runs one statement with its parameters, `$1` and so on; gives the rows that it returns. */
  readonly query: (sql: string, parameters?: readonly Value[]) => Promise<readonly Row[]>;
  /** The names of the tables that are there. */
  readonly tables: () => Promise<readonly string[]>;
  readonly dialect: Dialect;
}

/** A connection that makes several statements one change: all of them or, where the work throws, none. */
export interface Database extends Connection {
  /** For messages: where the database is, without a password. */
  readonly place: string;
  readonly transaction: <T>(work: (connection: Connection) => Promise<T>) => Promise<T>;
  /** A transaction at whose time there is no other of this kind, in any process. */
  readonly exclusively: <T>(work: (connection: Connection) => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

/** What SQL databases call differently. */
export interface Dialect {
  /** Text that is ordered by its code points. */
  readonly text: string;
  /** A number of 64 bits. */
  readonly real: string;
  /** What follows the columns of a table, so that it holds no values of other types. */
  readonly strict: string;
}
