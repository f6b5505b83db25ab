//! Keeps the history of the schemas: adds a version where a schema differs from its newest one.
//!
//! `cargo run -p schemas --example history`. With `-- --rewrite` the newest version of each is
//! written anew, which is for schemas that nobody has written a value with yet.

use schemas::framing::HEADER_LENGTH;
use schemas::{Encoder, RecordSchema, Schemas, StaticRegistry, TopicNames, sample};
use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let rewrite = std::env::args().any(|argument| argument == "--rewrite");
    let registry = StaticRegistry::new();
    let names = TopicNames::default();
    let mut encoder = Encoder::new(Schemas::new(&registry)?.and_inputs(&registry, &names)?);
    for schema in RecordSchema::ALL {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("history").join(schema.name());
        let newest = (1..).take_while(|version| file(&folder, *version, "avsc").exists()).last();
        let same = newest.is_some_and(|version| {
            std::fs::read_to_string(file(&folder, version, "avsc")).is_ok_and(|text| text == schema.json())
        });
        if same && !rewrite {
            continue;
        }
        let version = if rewrite { newest.unwrap_or(1) } else { newest.unwrap_or(0) + 1 };
        std::fs::create_dir_all(&folder)?;
        std::fs::write(file(&folder, version, "avsc"), schema.json())?;
        let value = sample::encoded(*schema, &mut encoder)?;
        std::fs::write(file(&folder, version, "bin"), value.get(HEADER_LENGTH..).unwrap_or_default())?;
        println!("{} v{version}", schema.name());
    }
    Ok(())
}

fn file(folder: &Path, version: u32, ending: &str) -> PathBuf {
    folder.join(format!("v{version}.{ending}"))
}
