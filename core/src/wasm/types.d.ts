/** A document: its JSON text, or the handle that `outline` gave for one of the last documents given as text. */
export type DocumentText = string;

/** How strictly a type is validated: not at all; stored with its verdict; refused when invalid. */
export type Mode = "off" | "warn" | "strict";

/** Whether a text is a document; `text` is it without white space, every spelling kept. */
export type Checked =
  | { ok: true; text: string; content_hash: string }
  | { ok: false; error: { code: string; message: string; offset: number } };

/** One broken rule, or something worth knowing. */
export interface Violation {
  /** RFC 6901 pointer into the document; empty for the whole. */
  pointer: string;
  /** A stable word, such as `required`, `exclusive_minimum`, `rule:stop_loss_long`. */
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

/** One value of a document, without what is inside it. */
export interface Child {
  key: string;
  pointer: string;
  kind: "null" | "boolean" | "number" | "string" | "array" | "object";
  /** How many members or elements are inside. */
  count: number;
  /** Bytes of its text. */
  size: number;
  /** Its text as spelled, cut after 256 bytes; empty for an array or object. */
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
