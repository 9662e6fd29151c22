// The component as Node imports it: loaded with the import, so there is nothing to wait for.

export * from "./node.cjs";

/** For programs that run in browsers as well: here it is done already. */
export default async function init() {}

/** See `init`. */
export function initSync() {}
