//! Which answers to what commits say for certain that nothing was written.

use sqlx::postgres::{PgDatabaseError, PgSeverity};

use crate::store::refusing::Refusal;

/// The classes of SQLSTATE, and codes that are different from their class, that say so: those of PostgreSQL's appendix A
/// ("PostgreSQL Error Codes") with which a statement or a transaction is undone. What is not here says nothing.
const UNDONE: [&str; 20] = [
    "0A",    // Feature not supported
    "21",    // Cardinality violation
    "22",    // Data exception
    "23",    // Integrity constraint violation, at the commit for those that are deferred
    "25", // Invalid transaction state: 25006 read-only, a standby among others; 25P02 failed before; 25P03 left idle
    "26", // Invalid SQL statement name: prepared on another connection, behind a pooler
    "28", // Invalid authorization specification
    "3D", // Invalid catalog name
    "3F", // Invalid schema name
    "40000", // Transaction rollback. 40003 is not here: it is not known whether the statement was completed
    "40001", // Serialization failure
    "40002", // Integrity constraint violation
    "40P01", // Deadlock
    "42", // Syntax error or access rule violation: a missing right, a missing table
    "44", // WITH CHECK OPTION violation
    "53", // Insufficient resources: 53100 disk full, 53200 out of memory
    "54", // Program limit exceeded
    "55", // Object not in prerequisite state: 55P03 a lock that did not come
    "57014", // Query canceled, by statement_timeout among others. The rest of 57 ends a server, perhaps after the commit
    "P0",    // An error raised by a trigger
];

/// Whether an error says that nothing of what should have been committed is written. Only an `ERROR` undoes a transaction
/// and goes on; `FATAL` and `PANIC` end the connection or the server, perhaps just after the commit.
pub(super) fn nothing_was_written(error: &sqlx::Error) -> bool {
    match error {
        // It was not sent.
        sqlx::Error::Encode(_) | sqlx::Error::ColumnNotFound(_) | sqlx::Error::TypeNotFound { .. } => true,
        sqlx::Error::Database(found) => found
            .try_downcast_ref::<PgDatabaseError>()
            .is_some_and(|found| matches!(found.severity(), PgSeverity::Error) && is_undone(found.code())),
        _ => false,
    }
}

/// Whether an answer refuses every write, not only this one.
pub(super) fn refusal(error: &sqlx::Error) -> Option<Refusal> {
    refusal_of(&error.as_database_error()?.code()?)
}

fn refusal_of(code: &str) -> Option<Refusal> {
    /// 25006 read-only, 42501 a right, 42P01 and 3F a table or schema that is gone, 58 the system, such as a disk that cannot
    /// be read or written, P0 an error raised by a trigger.
    const OF_ALL: [&str; 6] = ["25006", "42501", "42P01", "3F", "58", "P0"];
    match code {
        "53100" => Some(Refusal::Full),
        _ => OF_ALL.iter().any(|known| code.starts_with(known)).then_some(Refusal::Refused),
    }
}

fn is_undone(code: &str) -> bool {
    UNDONE.iter().any(|known| code.starts_with(known))
}

#[cfg(test)]
mod tests {
    use super::{Refusal, is_undone, refusal_of};

    #[test]
    fn what_one_group_or_another_writer_caused_says_nothing_of_the_next_write() {
        assert_eq!(refusal_of("53100"), Some(Refusal::Full));
        for code in ["25006", "42501", "42P01", "3F000", "58030", "P0001"] {
            assert_eq!(refusal_of(code), Some(Refusal::Refused), "{code}");
        }
        for code in ["23505", "22021", "40001", "40P01", "55P03", "57014", "57P01", "53300", "08006"] {
            assert_eq!(refusal_of(code), None, "{code}");
        }
    }

    #[test]
    fn what_ends_a_server_or_is_not_known_is_no_refusal() {
        for code in ["25006", "25P02", "40001", "40P01", "42501", "53100", "55P03", "57014", "23505"] {
            assert!(is_undone(code), "{code}");
        }
        for code in ["57P01", "57P02", "57P03", "08006", "08P01", "40003", "58030", "XX000", "XX001", ""] {
            assert!(!is_undone(code), "{code}");
        }
    }
}
