//! What every store promises. Each case is stamped on every backend: a new backend is one line below.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test has no outside, and fails by panicking"
)]

mod activity;
mod asks;
mod backends;
mod bundles;
mod busy_restores;
mod cached;
mod checkpoints;
mod commits;
mod documents;
mod fixture;
mod given;
mod handshake_races;
mod handshakes;
mod history;
mod imported;
mod lease_model;
mod lists;
mod long_log;
mod merges;
mod model;
mod modes;
mod origins;
mod pauses;
mod points;
mod receipts;
mod reconciles;
mod restores;
mod runs;
mod runs_left;
mod service;
mod shaking;
mod sqlite_file;
mod terms;

/// One test a case and backend, named `<backend>::<module>::<case>`.
macro_rules! stamp {
    ($open:path; $($module:ident: $($case:ident),+ $(,)?;)+) => {
        $(mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let fixture = $open().await;
                crate::$module::$case(&fixture).await;
                fixture.check_chain().await;
            })+
        })+
    };
}

/// Every case, for one backend. All but the reference itself are compared with the reference.
macro_rules! conformance {
    (reference $backend:ident, $open:path) => {
        mod $backend {
            conformance!(cases $open);
        }
    };
    ($backend:ident, $open:path) => {
        mod $backend {
            conformance!(cases $open);

            #[test]
            fn agrees_with_the_reference() {
                crate::model::agrees_with_the_reference($open);
            }
        }
    };
    (cases $open:path) => {
            stamp! { $open;
                commits:
                    versions_and_seqs_have_no_gaps,
                    equal_data_makes_no_version,
                    operations_say_what_happened,
                    d_001_delete_is_a_version_and_history_stays,
                    deleting_what_is_not_there_is_refused,
                    what_is_kept_is_the_head_of_the_commit_behind_what_goes_into_the_history,
                    d_018_expectations_are_kept,
                    d_018_only_the_first_of_a_group_wins,
                    a_conflict_names_every_head_that_moved,
                    d_031_a_batch_is_all_or_nothing,
                    a_batch_sees_its_own_writes,
                    requests_of_a_group_do_not_harm_each_other,
                    d_024_recorded_time_never_goes_back,
                    everything_of_a_version_comes_back,
                    concurrent_groups_leave_no_gap,
                    a_large_group_is_written_whole;
                bundles:
                    a_store_made_of_a_bundle_is_the_same_store,
                    an_import_that_was_interrupted_goes_on_where_it_stopped,
                    a_damaged_bundle_says_its_line_and_what_is_before_it_is_in,
                    a_store_with_versions_of_its_own_refuses_a_bundle_and_stays_as_it_is,
                    a_bundle_of_what_came_later_continues_the_log,
                    a_part_of_a_store_is_what_was_asked_for,
                    only_the_version_that_follows_is_taken_in_and_nothing_else_of_its_batch;
                merges:
                    what_a_store_never_had_comes_in_with_its_history_and_says_what_it_was,
                    what_the_bundle_goes_on_with_is_continued_and_a_store_that_is_ahead_stays,
                    what_went_on_differently_is_listed_with_both_ends_and_left_as_it_is,
                    logs_that_forked_are_merged_and_share_the_names_of_what_both_have,
                    a_store_that_can_become_the_very_same_does,
                    a_merge_that_was_interrupted_goes_on,
                    who_saves_while_a_bundle_is_merged_keeps_what_he_saved,
                    parts_of_a_store_are_merged_and_known_again,
                    what_was_merged_is_known_where_it_came_from,
                    types_that_are_refused_are_conflicts,
                    what_one_answer_does_not_hold_of_the_conflicts_is_counted;
                documents:
                    d_022_data_comes_back_byte_for_byte,
                    d_021_the_content_hash_is_that_of_the_text,
                    ids_may_be_nasty,
                    one_id_under_two_types_is_two_states,
                    a_large_document_comes_back,
                    large_documents_make_short_pages_that_lose_nothing;
                history:
                    versions_are_found_by_every_address,
                    d_016_data_and_version_belong_together,
                    history_is_newest_first_and_paged,
                    history_is_filtered_by_time,
                    the_log_is_read_in_both_directions,
                    moments_are_found_by_time,
                    the_chain_is_verified_in_stretches;
                imported:
                    a_version_is_found_by_when_it_was_saved_first,
                    every_time_of_a_long_imported_history_is_found,
                    a_clock_that_was_ahead_does_not_hide_what_was_imported,
                    a_batch_id_that_looks_alike_is_none_of_an_import,
                    what_no_place_of_the_log_is_is_refused_and_never_empty,
                    a_marker_becomes_a_snapshot_of_what_was_there_then,
                    a_marker_that_no_place_of_the_log_fits_is_left_out_and_said;
                lists:
                    d_028_deleted_states_stay_deleted,
                    d_029_a_quiet_state_is_not_lost_behind_noisy_ones,
                    every_filter_filters,
                    text_is_searched_as_it_is_spelled,
                    text_is_searched_as_it_is_read,
                    pages_hold_every_state_once,
                    lists_of_the_past_are_as_they_were,
                    cursors_of_other_lists_are_refused,
                    totals_are_kept;
                long_log:
                    lists_of_a_long_log_are_whole_and_in_order,
                    a_list_is_whole_while_the_log_grows;
                points:
                    d_006_a_name_is_given_once,
                    d_004_a_snapshot_changes_nothing,
                    d_002_deleting_a_state_leaves_snapshots_whole,
                    snapshots_are_listed_newest_first,
                    a_restore_is_recorded_with_its_snapshot,
                    a_restore_that_writes_nothing_is_refused,
                    what_moved_is_found_within_its_scope;
                origins:
                    each_way_of_reading_says_where_a_version_comes_from,
                    one_batch_carries_its_origin_in_each_version,
                    equal_data_from_elsewhere_makes_no_version,
                    a_history_is_limited_to_a_run_and_a_correlation,
                    who_had_written_before_is_known_of_each_version_of_a_stretch_as_far_as_it_is_looked_back;
                runs:
                    d_092_a_start_ends_nobody_elses_run_and_is_refused_while_its_instance_is_live,
                    a_lease_that_runs_out_makes_a_version_that_says_so_and_renewals_make_none,
                    a_lease_that_is_over_does_not_hold_up_the_next_start,
                    d_093_a_run_that_was_told_to_stop_has_stopped_and_its_result_is_exact,
                    a_run_that_was_replaced_writes_nothing_more,
                    d_092_all_active_runs_are_marked_as_crashed_only_with_their_number,
                    of_those_who_start_at_the_same_moment_one_wins,
                    who_writes_a_session_by_hand_takes_its_lease_and_gives_it_to_nobody,
                    what_runs_wrote_is_listed_counted_and_compared;
                runs_left:
                    what_is_open_of_many_states_is_counted_to_the_last_and_of_too_many_not_at_all,
                    who_holds_its_instance_is_not_told_to_the_run_whose_lease_is_over_as_itself,
                    what_is_open_is_told_and_held_behind_runs_that_wrote_nothing;
                checkpoints:
                    d_094_a_checkpoint_writes_its_states_and_one_version_and_names_that_moment,
                    a_checkpoint_that_may_not_be_written_writes_nothing_of_it,
                    d_100_checkpoints_are_listed_newest_first_and_those_that_are_pinned_stay,
                    of_checkpoints_that_are_pinned_at_the_same_moment_none_is_lost,
                    a_checkpoint_beside_a_program_that_goes_on_saving_is_of_one_moment,
                    d_095_the_next_run_is_told_the_last_checkpoint_and_what_is_open,
                    what_else_writes_the_state_of_checkpoints_makes_none,
                    a_checkpoint_saves_nothing_that_the_server_keeps_of_its_run;
                handshakes:
                    a_run_that_gave_its_word_writes_nothing_until_it_has_read_the_restore,
                    without_a_word_nothing_is_written_unless_an_operator_says_so,
                    who_is_not_live_any_more_is_not_waited_for_and_its_successor_is_asked,
                    what_moves_while_runs_are_asked_makes_the_plan_stale_and_lets_them_go_on,
                    a_handshake_that_is_stopped_has_stopped_its_restore_and_another_one_waits_for_it,
                    a_run_that_has_not_read_a_restore_still_has_to_when_the_next_one_is_not_written,
                    sessions_of_live_runs_are_left_as_they_are_unless_they_are_named;
                handshake_races:
                    a_run_that_begins_between_the_look_and_the_commit_is_asked,
                    a_run_that_writes_between_the_look_and_the_commit_is_asked,
                    a_restore_that_runs_always_come_before_is_refused_after_a_while;
                reconciles:
                    a_run_makes_way_for_what_is_reconciled_and_writes_nothing_before_it_has_read_it,
                    a_run_that_begins_between_look_and_commit_of_what_is_reconciled_is_asked,
                    what_is_reconciled_and_runs_always_come_before_is_refused_after_a_while;
                pauses:
                    a_run_that_an_operator_pauses_writes_nothing_until_it_is_let_go,
                    a_run_that_gives_no_word_goes_on_and_one_that_ends_ends_its_pause,
                    a_restore_takes_the_word_that_a_run_gave_an_operator_and_leaves_it_paused,
                    who_is_let_go_while_a_restore_asks_goes_on_with_it_and_not_before,
                    who_has_still_to_read_a_restore_is_paused_without_a_word,
                    a_handshake_that_is_damaged_keeps_no_lost_run_from_being_ended,
                    who_was_asked_what_is_damaged_keeps_no_other_run_from_going_on,
                    whoever_leads_a_restore_says_so_again_and_again_while_it_waits;
                asks:
                    a_run_is_asked_once_until_it_has_reported_and_its_list_is_kept,
                    only_the_run_itself_answers_with_what_it_asked_later,
                    a_paused_run_answers_and_one_that_has_ended_is_not_asked,
                    askings_at_the_same_moment_are_one;
                receipts:
                    a_request_with_a_key_is_done_once,
                    of_two_in_one_group_the_second_finds_the_first,
                    another_request_under_the_same_key_is_refused,
                    a_refused_request_uses_up_no_key,
                    a_key_is_free_again_after_a_day,
                    an_import_is_done_once_beside_others_and_told_again_as_it_was,
                    a_snapshot_names_any_past_seq;
                terms:
                    what_a_batch_does_not_name_is_closed_in_the_same_commit,
                    a_closing_reaches_exactly_its_types_and_its_prefix,
                    requests_of_one_group_are_closed_or_come_after,
                    a_batch_is_written_only_if_all_its_checks_hold,
                    more_bytes_than_one_batch_may_close_are_refused_whole,
                    closings_race_with_writers,
                    what_was_closed_is_closed_for_whoever_reads_heads;
                busy_restores:
                    a_plan_stands_while_only_other_paths_move,
                    what_moved_under_a_plan_is_said_path_by_path,
                    a_restore_of_ticked_paths_is_written_while_a_bot_beats,
                    an_undo_takes_back_what_its_restore_wrote_and_nothing_else,
                    an_undo_leaves_a_state_alone_that_somebody_works_on_since,
                    a_restore_says_whether_its_result_ever_existed,
                    a_selection_names_only_what_is_there;
                restores:
                    d_005_a_restore_is_exact_previewed_atomic_and_undoable,
                    a_plan_that_is_out_of_date_is_refused_with_a_fresh_one,
                    only_what_is_ticked_is_restored,
                    an_undo_does_not_overwrite_later_work,
                    an_undo_works_after_its_snapshot_was_deleted,
                    broken_rules_must_be_accepted_and_strict_types_never_break,
                    d_003_old_clients_restore_a_snapshot_and_are_told_what_happened,
                    restores_race_with_writers;
                given:
                    documents_are_planned_written_in_one_commit_and_taken_back,
                    records_of_runs_are_left_out_of_documents_unless_they_are_named,
                    only_what_is_ticked_of_documents_is_written_and_others_go_only_when_asked,
                    a_plan_of_documents_stands_while_only_other_paths_move,
                    documents_that_cannot_be_meant_are_refused;
                activity:
                    versions_are_counted_by_bucket_author_and_type;
                service:
                    d_015_a_version_id_of_another_state_is_not_found,
                    d_003_an_unknown_snapshot_is_an_error,
                    d_027_a_deleted_state_says_so_and_comes_back,
                    preconditions_are_kept,
                    the_type_may_be_left_out_when_there_is_one,
                    sixteen_writers_compare_and_set,
                    fifty_snapshots_at_once,
                    shutting_down_finishes_what_was_taken,
                    events_are_read_on_from_any_seq,
                    versions_are_searched_by_who_wrote_what_to_the_first,
                    a_reader_that_follows_the_doorbell_misses_nothing,
                    batches_are_checked_before_they_are_written,
                    overview_and_status_add_up;
                modes:
                    strict_types_refuse_and_warned_ones_keep_the_verdict,
                    data_with_more_in_it_than_is_checked_is_stored_unchecked_or_refused_where_the_type_is_strict;
            }
    };
}

conformance!(reference memory, crate::backends::memory);
conformance!(sqlite, crate::backends::sqlite);
conformance!(postgresql, crate::backends::postgresql);
conformance!(guarded, crate::backends::guarded);
conformance!(cached_sole, crate::backends::cached);
conformance!(cached_shared, crate::backends::cached_shared);
conformance!(fallback, crate::backends::fallback);
conformance!(every_layer, crate::backends::every_layer);
conformance!(postgresql_layers, crate::backends::postgresql_layers);
conformance!(influxdb, crate::backends::influxdb);

/// Random work of runs, on stores that are quick to open.
macro_rules! lease_model {
    ($($backend:ident: $cases:literal),+) => {
        mod leases {
            $(#[test]
            fn $backend() {
                crate::lease_model::agrees_with_the_model(crate::backends::$backend, $cases);
            })+
        }
    };
}

// What every store decides alike is looked for where it costs least; the others are tried for what is their own.
lease_model!(memory: 24, sqlite: 6, postgresql: 6, every_layer: 6);
