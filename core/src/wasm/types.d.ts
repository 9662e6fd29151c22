/** A document: its JSON text, or the handle that `outline` gave for one of the last documents given as text. */
export type DocumentText = string;

/** How strictly a type is validated: not at all; stored with its verdict; refused when invalid. */
export type Mode = "off" | "warn" | "strict";

/** Whether a text is a document; `text` is it without white space, every spelling kept. */
export type Checked =
  | { ok: true; text: string; content_hash: string }
  | { ok: false; error: TextError };

/** Why a text is not a document. */
export interface TextError {
  /** A stable word, such as `trailing_comma`. */
  code: string;
  message: string;
  /** Bytes of UTF-8 from the start of the text. */
  offset: number;
  /** From 1 on; the column counts characters. */
  line: number;
  column: number;
  /** RFC 6901 pointer to the value or member that was being read, or was read last. */
  pointer?: string;
  /** The words around, in one line. */
  near: string;
  /** What to do, where it is known what people mean who send that. */
  hint?: string;
}

/** One broken rule, or something worth knowing. */
export interface Violation {
  /** RFC 6901 pointer into the document; empty for the whole. */
  pointer: string;
  /** A stable word, such as `required`, `exclusive_minimum`, `rule:equal_lengths`. */
  code: string;
  message: string;
}

/** What the rules of the type say. */
export type Verdict =
  | { status: "not_checked" }
  | { status: "valid" }
  | { status: "invalid"; violations: Violation[] };

/** A verdict, and what is worth knowing although it breaks no rule. */
export type Validated = Verdict & { notices: Violation[] };

/** What happened at a path. */
export type ChangeKind = "added" | "removed" | "changed" | "spelling" | "reordered" | "splice";

/** One difference; each can be applied without the others. */
export interface Change {
  kind: ChangeKind;
  /** RFC 6901 pointer: into the old document if removed, else into the new one. */
  path: string;
  /** The path for people: elements with an identity are named by it, as in `/legs/[EURUSD]/volume`. */
  display: string;
  /** The old value as JSON text; absent if there was none. */
  old?: string;
  /** The new value as JSON text; absent if there is none. */
  new?: string;
  /** The exact difference of two numbers, or times with a zone, signed: `+0.0019`, `+15 min`. */
  delta?: string;
  /** In percent of the old number's size, 2 places: `-0.72`. */
  percent?: string;
  unit?: string;
  /** Noise by the schema. */
  volatile?: boolean;
  /** Not restored unless unlocked, for this reason. */
  protected?: string;
  /**
   * The values, or elements around them, were taken together only because they stand at the same place of an array: they
   * may be two things, and a difference between them may mean nothing.
   */
  by_place?: boolean;
  /** For elements taken out of an array and put in: how many. */
  splice?: { removed: number; added: number };
  /** For a series that moved on. */
  series?: {
    removed_head: number;
    added_head: number;
    removed_tail: number;
    added_tail: number;
    points: number;
    /** The new series' values, as the text of a JSON array. */
    values: string;
    old_last?: string;
    new_last?: string;
  };
  /** Where it belongs in the old document; hand it back unchanged to apply it. */
  place?: { from?: string; at?: number; order?: number[]; elements?: boolean; identity?: string; key?: string };
}

/** The difference of two documents. */
export interface Diff {
  changes: Change[];
  /**
   * How much of each kind differs; elements that went or came each count. What is noise by the schema counts as volatile
   * only.
   */
  counts: { added: number; changed: number; removed: number; spelling: number; reordered: number; volatile: number };
  /** How many leaves of the new document are as they were. */
  equal_paths: number;
}

/** A line of one side, in pieces. */
export interface Line {
  /** From 1 on. */
  number: number;
  parts: { text: string; changed?: boolean }[];
}

/** One row of two documents beside each other. */
export interface Row {
  kind: "equal" | "changed" | "added" | "removed" | "fold";
  /** RFC 6901 pointer of what the line holds. */
  path: string;
  old?: Line;
  new?: Line;
  /** Equal lines folded away. */
  fold?: { lines: number; old_number: number; new_number: number; last_path: string; text: string };
}

/** What of one state a restore writes: all but noise and what is protected, less and more of these paths. */
export interface StateSelection {
  /** Leave the state as it is. */
  skip?: boolean;
  /** Paths to leave as they are. */
  left?: string[];
  /** Protected or volatile paths that are to be written all the same. */
  unlocked?: string[];
}

/** By `<type>/<id>`. */
export type Selection = Record<string, StateSelection>;

/** A plan as `POST /restores` answers it; see the server's API description. */
export interface Plan {
  plan: string;
  target: string;
  target_seq: number;
  scope: object;
  selection: Selection;
  states: object[];
}

/** What a restore does to one state. */
export interface RestoredState {
  effect: "changed" | "recreated" | "deleted" | "equal";
  /** The text that would be written; null if nothing is written or the state is deleted. */
  text: DocumentText | null;
  verdict: Verdict;
  /** How many paths differ between now and the target. */
  paths: number;
  /** How many of them are written. */
  selected: number;
  /** From now to the target; null where one of them has no data. */
  diff: Diff | null;
  /** For each change of the difference whether it is written. */
  chosen: boolean[];
  /** Whether the text is the target's, byte for byte. */
  exact: boolean;
  /** What a plan binds of the state (64 hexadecimal digits); null if nothing is written. */
  bound: string | null;
}

/** One value of a document, without what is inside it. */
export interface Child {
  key: string;
  pointer: string;
  kind: "null" | "boolean" | "number" | "string" | "array" | "object";
  /** How many members or elements are inside. */
  count: number;
  /** Bytes of its text. */
  size: number;
  /** Its text as spelled; of a child cut after 256 bytes; empty for an array or object. */
  text: string;
}

/** One page of a node's children. */
export interface Outline {
  /** Give this in place of the text from now on. */
  document: string;
  node: Child;
  offset: number;
  children: Child[];
}

/** What became of checking a stretch of the log. */
export interface Verified {
  ok: boolean;
  /** How many versions are right. */
  versions: number;
  /** For how many of them the data was there and has its hash. */
  documents: number;
  /** The last version that is right. */
  verified_to: number | null;
  /** Its chain hash: the `previous` of the next stretch. */
  chain_hash: string;
  /** What is wrong with the first version that is not right. */
  fault: string | null;
}

/** In whose words a broker's list is. */
export type BrokerShape = "plain" | "ccxt" | "alpaca" | "oanda" | "freqtrade" | "mt5";

/** How a broker's list is to be read. */
export interface ReconcileOptions {
  /** When the broker was asked: what changed here later cannot be in its answer. */
  as_of: string;
  /** Without it the list is recognised. */
  shape?: BrokerShape | null;
  /** What the call failed with; there is no list then. */
  failure?: string | null;
  /** The list is not whole: what is not in it is not known. */
  partial?: boolean;
  /** How far apart quantities and prices may be: decimals as texts. */
  tolerance?: { quantity?: string | null; price?: string | null };
  /** Our names of symbols by the broker's, where they differ. */
  symbols?: Record<string, string>;
}

/** One side of a position. */
export interface Held {
  state_type?: string;
  state_id?: string;
  version?: number;
  /** JSON Pointer within the state, or within the broker's list. */
  pointer: string;
  /** Above zero for long, below for short; absent where it is not said. */
  quantity?: string;
  price?: string;
}

/** Two numbers that should be equal; `delta` is the broker's less ours. */
export interface Apart {
  ours: string;
  theirs: string;
  delta?: string;
}

/** One position, as both sides have it. */
export interface ReconcileRow {
  verdict: "quantity_mismatch" | "missing_here" | "missing_there" | "unknown" | "price_mismatch" | "matched";
  because?:
    | "flat"
    | "not_listed"
    | "no_answer"
    | "partial_list"
    | "not_said"
    | "changed_since"
    | "not_said_here"
    | "named_twice"
    | "closed_here";
  symbol?: string;
  ids: string[];
  ours: Held[];
  theirs: Held[];
  quantity?: Apart;
  price?: Apart;
}

/** How a broker's list stands to ours, the worst first. */
export interface ReconcileReport {
  hash: string;
  shape?: BrokerShape;
  as_of: string;
  failure?: string;
  counts: {
    matched: number;
    quantity_mismatch: number;
    price_mismatch: number;
    missing_here: number;
    missing_there: number;
    unknown: number;
  };
  rows: ReconcileRow[];
  /** What of the list is not understood; because of it the list does not count as whole. */
  unread: { pointer: string; reason: string }[];
}

/** What may be done about a row. */
export type RowChoice = "adopt_theirs" | "keep_ours" | "close" | "split";

/** What is done with rows that nothing is chosen of; `halt` where it is left out. */
export type ReconcilePolicy = "halt" | "adopt" | "ignore";

/** What is chosen of a row. Decimals are texts; what is left out is not made up. */
export interface ChosenRow {
  /** The row's name, as it was looked at. */
  row: string;
  choice: RowChoice;
  /** Of a close: at which price. */
  price?: string;
  /** Of a close when, of a lot that is adopted since when it is held. */
  time?: string;
  /** Of a close: why; it must say so. */
  reason?:
    | "stop_loss_hit"
    | "take_profit_hit"
    | "manual"
    | "session_end"
    | "recovered_closed"
    | "bracket_closed"
    | "unknown";
  /** Of a close: what was won or lost. */
  pnl?: string;
  /** Of a lot that is adopted: what it is called here. */
  id?: string;
  /** Of a lot that is adopted: the state that gets it. */
  state_id?: string;
  /** Of a split: all of it, in parts. */
  shares?: { quantity: string; state_type?: string; state_id?: string; pointer?: string; id?: string }[];
}

/** What is asked of a plan. */
export interface AskedPlan {
  /** The run that it is about: without it the hash is not that of the server's plan. */
  run_id?: string;
  /** The type of states that are begun; `position` where it is left out. */
  state_type?: string;
  policy?: ReconcilePolicy;
  choices?: ChosenRow[];
  /** States that there are and that are not among ours: none of them is begun. */
  taken?: { state_type: string; state_id: string }[];
}

/** A row, and what may be chosen of it: nothing of what is unknown, and nothing of what agrees. */
export interface PlannedRow extends ReconcileRow {
  /** Its name: which it is and, behind the point, what both sides said of it. */
  row: string;
  choices: RowChoice[];
  chosen?: RowChoice;
}

/** What a plan would write to a state. */
export interface WrittenState {
  state_type: string;
  state_id: string;
  /** The version that was looked at; absent where the state is new. */
  version?: number;
  /** What changes of it; every other byte stays. */
  changes: Change[];
  /** What it gets, as JSON text. */
  text: string;
  /** The rows that it is about. */
  rows: string[];
}

/** A report, what may be done about it, and what that would write. */
export interface ReconcilePlan extends ReconcileReport {
  /** Its hash: what `POST /reconciles/{plan}/apply` takes. */
  plan: string;
  run_id?: string;
  policy: ReconcilePolicy;
  list_hash?: string;
  rows: PlannedRow[];
  /** What is chosen, by the request or by its policy. */
  choices: ChosenRow[];
  writes: WrittenState[];
}

/** A choice that cannot be taken, or choices of rows that are not what was looked at. */
export interface NoReconcilePlan {
  plan?: undefined;
  refused?: { choice: number; member: string; code: string; message: string };
  outdated?: {
    /** The plan of what is left. */
    plan: string;
    choices: ChosenRow[];
    /** The rows that moved; `now` is absent where there is no such row any more. */
    moved: { row: string; now?: PlannedRow }[];
  };
}

/** How a broker's list of positions stands to ours. A call that failed has no list. */
export function reconcile(
  ours: string,
  list: string | null | undefined,
  options: ReconcileOptions,
  asked?: null,
): ReconcileReport;

/** A report without its rows, as `Reconciliation` gives it. */
export interface ReconcileSummary extends Omit<ReconcileReport, "rows" | "unread"> {
  /** How many rows there are. */
  rows: number;
  /** How many parts of the list are not understood, and the first 200 of them. */
  unread: number;
  first_unread: ReconcileReport["unread"];
}

/** The same, and what choices would write: the plan that the server makes of them. It writes nothing. */
export function reconcile(
  ours: string,
  list: string | null | undefined,
  options: ReconcileOptions,
  asked: AskedPlan,
): ReconcilePlan | NoReconcilePlan;

/** A file: what it is called, with its folders, and its bytes. */
export interface FileBytes {
  name: string;
  bytes: Uint8Array;
}

/** What is said of files besides what stands in them. */
export interface ImportOptions {
  /** The zone of times without one: `UTC` or an offset such as `+03:00`. */
  assume_tz?: string;
  /** States of this type are made of each document, or of what `each` leads to. */
  state_type?: string;
  /** RFC 6901 pointer to an object or array whose members become a state each. */
  each?: string;
  /** Where a state's id stands: `key`, or a pointer within it. */
  id_from?: string;
}

/** Where in the files something stands. */
export interface ImportSource {
  file: string;
  /** From 1 on, in a file that holds a document a line. */
  line?: number;
  pointer: string;
  /** The members of that value, where not all of it is meant. */
  members?: string[];
}

/** What an import would write. */
export interface FoundInFiles {
  hash: string;
  files: {
    name: string;
    bytes: number;
    sha256: string;
    shapes: string[];
    documents: number;
    items: number;
    quarantined: number;
    damaged: boolean;
  }[];
  items: FoundItem[];
  /** What cannot be placed, as it was given. */
  quarantine: { source: ImportSource; code: string; reason: string; text?: string; base64?: string }[];
  /** What carries no state; `value` is JSON text. */
  records: { source: ImportSource; code: string; message: string; value?: string }[];
  /** What cannot be read, by line, column and byte of the file. */
  errors: {
    file: string;
    line: number;
    column: number;
    byte: number;
    pointer?: string;
    code: string;
    message: string;
    near: string;
    hint?: string;
  }[];
}

/** One version of a state that the files hold. */
export interface FoundItem {
  state_type: string;
  state_id: string;
  /** The data as JSON text, exactly as in the file. */
  data: string;
  /** SHA-256 of that text. */
  content_hash: string;
  /** How many leaves the data has. */
  paths: number;
  description: string;
  /** When the older program saved it, if that is known. */
  saved_at?: string;
  /** The same in the file's own words. */
  said_at?: string;
  source: ImportSource;
  /** The source as choices name it. */
  name: string;
  /** Where else the very same stands. */
  also: ImportSource[];
  verdict: Verdict;
  flags: { code: string; pointer: string; message: string }[];
  /** Nothing says which of several versions is newer. */
  order_unknown: boolean;
}

/** What a bundle is, and whether it is whole. */
export interface BundleSummary {
  /** What it says of itself; null where its first line could not be read. */
  header: {
    made_at: string;
    made_by: string;
    /** The first and the last seq that it is about. */
    from: number;
    to: number;
    scope: { types?: string[]; prefix?: string };
    /** Every version, or of each state only the last. */
    history: boolean;
    chain_hash_before?: string;
  } | null;
  versions: number;
  states: number;
  types: string[];
  restores: number;
  snapshots: number;
  /** The last 200 of them. */
  last_snapshots: { id: string; seq: number }[];
  /** Versions that the store could not give, and the first 200 of them. */
  damaged: number;
  first_damaged: { seq: number; reason: string }[];
  /** The first and the last moment that can be shown. */
  moments: [number, number] | null;
  last_chain_hash: string | null;
  /** `open` while it is fed; `faulty` in `line`, and what was before that can be asked for. */
  end: "open" | "whole" | "faulty" | "too_large";
  line: number | null;
  wrong: string | null;
}

/** Some of a list. */
export interface BundlePage<T> {
  total: number;
  items: T[];
}

/** Which states are asked for: as of `at`, else at the bundle's end. */
export interface AskedStates {
  at?: number | null;
  /** In type, id, author, reason or data. */
  q?: string | null;
  state_type?: string | null;
  deleted?: boolean;
  by_id?: boolean;
}

/** Which state; of its versions the one with `number`, the last one `before` a number, or the last one as of `at`. */
export interface AskedState {
  state_type: string;
  state_id: string;
  at?: number | null;
  number?: number | null;
  before?: number | null;
}

/** A version without its data, as the API describes it. */
export interface VersionView {
  state_type: string;
  state_id: string;
  seq: number;
  version: number;
  version_id: string;
  operation: string;
  timestamp: string;
  user_id: string | null;
  description: string | null;
  batch_id?: string;
  content_hash: string | null;
  chain_hash: string;
  verdict: Verdict;
  change: { added: number; changed: number; removed: number };
  size: number;
}

/** A state at a moment: its last version then, and how many there are up to it. */
export interface StateThen {
  version: VersionView;
  versions: number;
}
