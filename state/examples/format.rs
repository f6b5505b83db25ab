//! Writes the folder that shows the format of the store as it is now: `cargo run -p state --example format`,
//! once for each new [`state::FORMAT_VERSION`]. What is there is left as it is.
#![allow(clippy::indexing_slicing, unreachable_pub, reason = "a module shared with a test")]

#[path = "../tests/formats/content.rs"]
mod content;

use engine::store::{Store, Stores};
use state::{FORMAT_VERSION, RocksStores, Sizes};
use std::error::Error;
use std::fs;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let to = Path::new(env!("CARGO_MANIFEST_DIR")).join("history").join(format!("v{FORMAT_VERSION}"));
    if to.exists() {
        println!("{} is there already", to.display());
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let mut store = RocksStores::new(folder.path(), Sizes::of_bytes(0)).open(content::PARTITION)?;
    store.apply(&content::batch())?;
    store.flush()?;
    drop(store);
    fs::create_dir_all(&to)?;
    for file in fs::read_dir(folder.path().join(format!("p-{:05}", content::PARTITION)))? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        // The rest is made anew by whoever opens it, and has nothing of the state.
        if name == "CURRENT" || name.starts_with("MANIFEST-") || name.ends_with(".sst") {
            fs::copy(file.path(), to.join(name))?;
        }
    }
    println!("{} is written", to.display());
    Ok(())
}
