//! Random work on a store and on the reference: everything that can be read must be the same.
