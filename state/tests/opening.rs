//! Opening a store on disk: its options, and what is said when it cannot be opened.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use bytes::Bytes;
use decision::ids::DebtorId;
use engine::store::{Keeping, Store, StoreBatch, StoreError, Stores};
use rocksdb::{DB, Options};
use state::{FORMAT_VERSION, RocksStores, Sizes};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const FOLDER: &str = "WEIR_TEST_OPENING_FOLDER";

fn stores(folder: &Path) -> RocksStores {
    RocksStores::new(folder, Sizes::of_bytes(64 * 1024 * 1024))
}

fn batch(form: &'static str) -> StoreBatch {
    let debtors = vec![(DebtorId::from("a"), Some(Bytes::from_static(form.as_bytes())))];
    StoreBatch { debtors, meta: Some(Bytes::from_static(b"here")), ..StoreBatch::default() }
}

/// The files of partition 0 whose names begin so, oldest first.
fn files(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder.join("p-00000"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix))
        .collect();
    files.sort();
    files
}

/// The value of an option in a section of the newest OPTIONS file, as RocksDB wrote it down.
fn option_of(text: &str, section: &str, name: &str) -> String {
    let section = text.split("\n[").find(|part| part.starts_with(section)).unwrap();
    let line = section.lines().find_map(|line| line.trim().strip_prefix(&format!("{name}=")));
    line.unwrap_or_else(|| panic!("no {name} in {section}")).to_owned()
}

#[test]
fn each_column_family_has_its_own_options_also_when_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        drop(stores(folder.path()).open(0).unwrap());
        let newest = files(folder.path(), "OPTIONS-").pop().unwrap();
        let text = fs::read_to_string(newest).unwrap();
        let rows = [
            ("DBOptions", "atomic_flush", "true"),
            ("DBOptions", "max_open_files", "384"),
            ("CFOptions \"debtors\"", "compression", "kLZ4Compression"),
            ("CFOptions \"debtors\"", "memtable_whole_key_filtering", "true"),
            ("CFOptions \"debtors\"", "arena_block_size", "65536"),
            ("CFOptions \"history\"", "compression", "kLZ4Compression"),
            ("CFOptions \"history\"", "bottommost_compression", "kZSTD"),
            ("TableOptions/BlockBasedTable \"debtors\"", "whole_key_filtering", "true"),
            ("TableOptions/BlockBasedTable \"debtors\"", "filter_policy", "bloomfilter"),
            ("CFOptions \"debtors\"", "level0_file_num_compaction_trigger", "12"),
            ("TableOptions/BlockBasedTable \"debtors\"", "data_block_index_type", "kDataBlockBinaryAndHash"),
            ("TableOptions/BlockBasedTable \"debtors\"", "block_size", "4096"),
            ("TableOptions/BlockBasedTable \"timers\"", "block_size", "16384"),
            ("TableOptions/BlockBasedTable \"timers\"", "filter_policy", "nullptr"),
            ("TableOptions/BlockBasedTable \"timers\"", "cache_index_and_filter_blocks", "true"),
            ("TableOptions/BlockBasedTable \"meta\"", "block_size", "4096"),
        ];
        for (section, name, expected) in rows {
            assert_eq!(option_of(&text, section, name), expected, "{section} {name}");
        }
        assert!(files(folder.path(), "00").iter().all(|path| {
            // A write-ahead log is made, and stays empty.
            path.extension().unwrap() != "log" || fs::metadata(path).unwrap().len() == 0
        }));
    }
}

/// The other process that wants the same folder. As a test of its own it has nothing to do.
#[test]
fn child() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let error = stores(Path::new(&folder)).open(0).err().unwrap();
    assert!(matches!(error, StoreError::Open { .. }), "{error:?}");
    println!("refused: {error}");
}

#[test]
fn a_store_that_another_process_has_open_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let _store = stores(folder.path()).open(0).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "child", "--nocapture"]).env(FOLDER, folder.path());
    let output = child.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let path = folder.path().join("p-00000");
    let expected = format!("refused: cannot open the store at {}: ", path.display());
    assert!(output.status.success() && said.contains(&expected), "{said}");
    assert!(said.contains("lock"), "{said}");
}

/// Opens what is in the folder, which must be damaged, and says so with this and the path.
#[track_caller]
fn check_damaged(folder: &Path, what: &str, reason: &str) {
    let error = stores(folder).open(0).err().unwrap();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    check_said(folder, &error, &[what, reason]);
}

/// Opens what is in the folder, which must be another version's, and says so with this and the path.
#[track_caller]
fn check_of_another_version(folder: &Path, reason: &str) {
    let error = stores(folder).open(0).err().unwrap();
    assert!(matches!(error, StoreError::OfAnotherVersion { .. }), "{error:?}");
    check_said(folder, &error, &[reason, "Run the version that wrote it, or remove the folder"]);
}

#[track_caller]
fn check_said(folder: &Path, error: &StoreError, parts: &[&str]) {
    let said = error.to_string();
    let path = folder.join("p-00000").display().to_string();
    for part in parts.iter().copied().chain([path.as_str()]) {
        assert!(said.contains(part), "{part:?} is not in {said:?}");
    }
}

/// A folder with a store in it that was closed in good order.
fn used() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    stores(folder.path()).open(0).unwrap().apply(&batch("A")).unwrap();
    folder
}

/// Writes to `meta` behind the store's back.
fn tamper(folder: &Path, key: &[u8], value: Option<&[u8]>) {
    let names = ["default", "meta", "debtors", "timers", "history", "waiting", "lists"];
    let db = DB::open_cf(&Options::default(), folder.join("p-00000"), names).unwrap();
    let meta = db.cf_handle("meta").unwrap();
    match value {
        Some(value) => db.put_cf(meta, key, value).unwrap(),
        None => db.delete_cf(meta, key).unwrap(),
    }
}

#[test]
fn a_format_version_that_is_not_ours_is_told() {
    let newer = (FORMAT_VERSION + 1).to_be_bytes();
    let folder = used();
    tamper(folder.path(), &[0x01], Some(&newer));
    check_of_another_version(
        folder.path(),
        "written by a newer version of Weir (format 3; this one reads 2)",
    );

    let rows: [(Option<&[u8]>, &str); 3] = [
        (Some(&[0, 0, 0, 0]), "there never was a format 0"),
        (Some(b"?"), "it is not a number of four bytes"),
        (None, "there is none, and yet there is state"),
    ];
    for (value, reason) in rows {
        let folder = used();
        tamper(folder.path(), &[0x01], value);
        check_damaged(folder.path(), "the format version", reason);
    }
}

#[test]
fn a_column_family_of_a_newer_version_is_told() {
    let folder = used();
    let names = ["default", "meta", "debtors", "timers", "history", "waiting", "lists"];
    let mut db = DB::open_cf(&Options::default(), folder.path().join("p-00000"), names).unwrap();
    db.create_cf("rates", &Options::default()).unwrap();
    drop(db);
    check_of_another_version(folder.path(), "rates");
}

#[test]
fn damaged_files_are_told() {
    let folder = used();
    let manifest = files(folder.path(), "MANIFEST-").pop().unwrap();
    let length = fs::metadata(&manifest).unwrap().len();
    fs::write(&manifest, vec![0x5a; usize::try_from(length).unwrap()]).unwrap();
    check_damaged(folder.path(), "the files", "Corruption");

    let folder = used();
    let tables = files(folder.path(), "00").into_iter();
    for table in tables.filter(|path| path.extension().unwrap() == "sst") {
        fs::remove_file(table).unwrap();
    }
    check_damaged(folder.path(), "the files", ".sst");
}

#[test]
fn a_damaged_store_is_removed_and_an_empty_one_opened() {
    let folder = used();
    let manifest = files(folder.path(), "MANIFEST-").pop().unwrap();
    fs::write(&manifest, [0x5a; 99]).unwrap();
    let stores = stores(folder.path());
    assert!(matches!(stores.open(0).err().unwrap(), StoreError::Damaged { .. }));
    stores.discard(0).unwrap();
    assert_eq!(stores.open(0).unwrap().meta().unwrap(), None);
    // One that was never there is as good as removed.
    stores.discard(7).unwrap();
}

#[test]
fn what_cannot_be_kept_is_told_before_it_is_applied() {
    let folder = used();
    assert_eq!(stores(folder.path()).open(0).unwrap().keeps().unwrap(), Keeping::Now);
    let mut store = stores(folder.path()).with_least_free(u64::MAX).open(0).unwrap();
    let error = store.keeps().unwrap_err();
    assert!(matches!(error, StoreError::Failed { .. }), "{error:?}");
    check_said(folder.path(), &error, &["cannot keep more", "the disk is full", "bytes are free"]);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = stores(&file).open(0).err().unwrap();
    assert!(matches!(&error, StoreError::Open { path, .. } if *path == file.join("p-00000")), "{error}");
}

#[test]
fn a_store_that_failed_refuses_everything_until_it_is_opened_again() {
    let folder = used();
    let stores = stores(folder.path());
    let mut store = stores.open(0).unwrap();
    store.apply(&batch("B")).unwrap();
    store.flush().unwrap();
    store.apply(&batch("C")).unwrap();
    // The volume is gone for a while.
    let (here, gone) = (folder.path().join("p-00000"), folder.path().join("elsewhere"));
    fs::rename(&here, &gone).unwrap();
    let error = store.flush().unwrap_err().to_string();
    assert!(error.starts_with("cannot flush the store: "), "{error}");
    assert!(error.contains(&here.display().to_string()), "{error}");
    fs::rename(&gone, &here).unwrap();

    for error in [store.apply(&batch("D")).unwrap_err(), store.debtor("a").unwrap_err()] {
        let said = error.to_string();
        assert!(said.contains("must be opened again (cannot flush the store: "), "{said}");
    }
    // The failed store still lives, and yet its folder is free.
    let mut again = stores.open(0).unwrap();
    assert_eq!(again.debtor("a").unwrap().as_deref(), Some(&b"B"[..]));
    again.apply(&batch("D")).unwrap();
    again.flush().unwrap();
    drop((store, again));
    assert_eq!(stores.open(0).unwrap().debtor("a").unwrap().as_deref(), Some(&b"D"[..]));
}

#[test]
fn a_crash_amid_clearing_leaves_an_empty_store() {
    let folder = used();
    let here = folder.path().join("p-00000");
    fs::rename(&here, here.with_extension("gone")).unwrap();
    let store = stores(folder.path()).open(0).unwrap();
    assert_eq!(store.meta().unwrap(), None);
    assert!(!here.with_extension("gone").exists());
}
