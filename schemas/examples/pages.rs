//! Writes the pages that are made from the table of topics and the schemas: `docs/topics.md` and
//! `docs/asyncapi.json`.
//!
//! `cargo run -p schemas --example pages`, after a change of a topic or a schema, and at a new
//! version of the package, which the second one names.

use schemas::pages;
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let asyncapi = format!("{:#}\n", pages::asyncapi());
    for (name, text) in [("topics.md", pages::topics_page()), ("asyncapi.json", asyncapi)] {
        std::fs::write(docs.join(name), text)?;
        println!("docs/{name}");
    }
    Ok(())
}
