//! Tests of tests: for each starred rule of MAPI a switch breaks the way down, and the test of that rule turns red.

use std::cell::Cell;
use std::panic::catch_unwind;

use mapi_subsystem::shutdown::Sabotage;

use crate::down;

thread_local! {
    static CURRENT: Cell<Option<Sabotage>> = const { Cell::new(None) };
}

/// How the worlds that this thread makes are broken.
pub fn current() -> Option<Sabotage> {
    CURRENT.get()
}

fn turns_red(how: Sabotage, test: fn()) {
    CURRENT.set(Some(how));
    let result = catch_unwind(test);
    CURRENT.set(None);
    assert!(result.is_err(), "nobody has seen {how:?}");
}

// LIFE-LOGOFF-001, LIFE-LOGOFF-002
#[test]
fn a_missing_logoff_is_seen() {
    turns_red(
        Sabotage::NoLogoff,
        down::every_provider_is_logged_off_shut_down_and_released_in_order,
    );
}

// LIFE-LOGOFF-009
#[test]
fn a_release_before_the_logoff_is_seen() {
    turns_red(
        Sabotage::ReleaseFirst,
        down::every_provider_is_logged_off_shut_down_and_released_in_order,
    );
}

// LIFE-LOGOFF-010
#[test]
fn a_missing_shutdown_is_seen() {
    turns_red(
        Sabotage::NoShutdown,
        down::every_provider_is_logged_off_shut_down_and_released_in_order,
    );
}

// LIFE-LOGOFF-011
#[test]
fn a_missing_release_is_seen() {
    turns_red(
        Sabotage::NoRelease,
        down::every_provider_is_logged_off_shut_down_and_released_in_order,
    );
}

// LIFE-LOGOFF-027
#[test]
fn an_address_book_that_ends_with_its_iaddrbook_is_seen() {
    turns_red(
        Sabotage::EndBooks,
        down::what_a_client_releases_ends_no_address_book,
    );
}

// LIFE-STORE-001
#[test]
fn a_store_that_ends_with_another_is_seen() {
    turns_red(
        Sabotage::CloseOthers,
        down::closing_one_store_ends_that_store_and_nothing_else,
    );
}

// LIFE-UID-004
#[test]
fn a_mapiuid_that_stays_is_seen() {
    turns_red(
        Sabotage::KeepUids,
        down::closing_one_store_ends_that_store_and_nothing_else,
    );
}

// LIFE-STATUS-007
#[test]
fn a_status_row_that_stays_is_seen() {
    turns_red(
        Sabotage::KeepRows,
        down::closing_one_store_ends_that_store_and_nothing_else,
    );
}

// LIFE-STORE-018
#[test]
fn a_provider_object_that_outlives_its_last_store_is_seen() {
    turns_red(
        Sabotage::KeepProvider,
        down::the_last_store_closed_ends_its_provider_object_and_it_can_be_opened_again,
    );
}

// LIFE-UNLOAD-002
#[test]
fn a_library_that_is_freed_before_shutdown_is_seen() {
    turns_red(
        Sabotage::NoShutdown,
        down::libraries_are_freed_after_the_last_uninitialize_and_not_before,
    );
}

// LIFE-UNLOAD-001
#[test]
fn a_library_that_is_freed_early_is_seen() {
    turns_red(
        Sabotage::FreeEarly,
        down::libraries_are_freed_after_the_last_uninitialize_and_not_before,
    );
}
