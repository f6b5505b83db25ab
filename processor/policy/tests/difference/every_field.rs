//! Every field of the policy that has everything, changed: whatever changes the policy's identity is
//! told, and told as what it is, but for what does nothing.

use super::{lines, read, whole};
use policy::difference::between;
use std::collections::BTreeSet;
use std::fmt::Write;
use yaml_rust2::{Yaml, YamlLoader};

/// Values of one kind each: one that a policy has is replaced by the others of its kind.
const KINDS: [&[&str]; 25] = [
    &["true", "false"],
    &["string", "int", "bool", "date"],
    &["money", "bytes", "seconds", "pieces"],
    &["all", "provider", "service"],
    &["due", "issued"],
    &["oldest", "entry"],
    &["stay", "step_down"],
    &["keep", "map", "restart"],
    &["stay", "move"],
    &["sequential", "severest"],
    &["all", "severest"],
    &["silent", "fire"],
    &["service", "reminder", "statutory"],
    &["sat", "sun", "mon"],
    &["UZS", "EUR"],
    &["Asia/Tashkent", "UTC"],
    &["soft", "gentle"],
    &["mass", "vip"],
    &["vip-desk", "desk"],
    &["main", "data"],
    &["waking", "cutting_off"],
    &["reminder", "due-soon", "thanks"],
    &["low-balance", "balance-ok"],
    &["remind", "bar"],
    &[
        "account.attributes.vip",
        "account.payment_mode == \"prepaid\"",
        "invoice.kind != \"deposit\"",
        "account.attributes.lines > 3",
    ],
];

/// What is put in the place of anything that starts with a digit, and of anything else.
const NUMBERS: [&str; 13] =
    ["1", "8", "8.00", "3x", "9/s", "4d", "12d", "70d", "9h", "30%", "2027-02-03", "07:00-08:00", "30.00"];

/// What changes nothing that a policy does, and is told as such: a value that holds anyway, a name
/// that only the file itself uses, an order that means nothing.
const MEANS_NOTHING: [&str; 15] = [
    "calendars.work.weekend.0 swapped",
    "commands.caps.0 swapped",
    "observe removed",
    "plans.gentle.on_part_cure removed",
    "plans.soft.anchor removed",
    "plans.soft.count_date removed",
    "plans.soft.debt_class removed",
    "plans.soft.exit removed",
    "plans.soft.observe removed",
    "plans.soft.rolling removed",
    "thresholds.0.deliver removed",
    "thresholds.0.observe removed",
    "thresholds.0.on_first removed",
    "windows.cutting_off.skip.0 swapped",
    "windows.cutting_off.skip.1 swapped",
];

/// The values that no edit of one place alone can change: something else names them.
const HELD_BY_OTHERS: [&str; 14] = [
    "attributes.region.type",
    "attributes.vip.type",
    "groups.mass.plans.0",
    "groups.mass.standard",
    "groups.vip.plans.0",
    "groups.vip.standard",
    "language",
    "plans.gentle.stages.0.stage",
    "plans.soft.stages.0.do.0.message.class",
    "plans.soft.stages.0.do.1.task.queue",
    "plans.soft.stages.0.stage",
    "plans.soft.stages.1.notice.of",
    "plans.soft.stages.2.if_task.queue",
    "windows.cutting_off.calendar",
];

/// A place in a policy: the keys and positions that lead to it.
type Path = Vec<usize>;

#[test]
fn whatever_changes_the_identity_of_a_policy_is_told() {
    let text = whole();
    let old = read(&text).unwrap();
    let tree = YamlLoader::load_from_str(&text).unwrap().remove(0);
    let (mut means_nothing, mut held) = (BTreeSet::new(), BTreeSet::new());
    for (path, name) in places(&tree) {
        let scalar = scalar_at(&tree, &path);
        let mut differs_once = false;
        for edit in edits(scalar.as_deref()) {
            let text = write(&tree, Some((&path, edit)));
            let Some(new) = read(&text) else { continue };
            let (there, back) = (between(&old, &new), between(&new, &old));
            let differs = new.identity.hash != old.identity.hash;
            assert_eq!((!there.is_empty(), !back.is_empty()), (differs, differs), "{name}: {text}");
            differs_once |= differs;
            if lines(&there).iter().any(|line| line.contains("written differently")) {
                means_nothing.insert(format!("{name} {}", edit.done()));
            }
        }
        if !differs_once && scalar.is_some() {
            held.insert(name);
        }
    }
    assert_eq!(means_nothing, MEANS_NOTHING.map(str::to_owned).into());
    assert_eq!(held, HELD_BY_OTHERS.map(str::to_owned).into());
}

/// Every place of a tree, with its name for people.
fn places(tree: &Yaml) -> Vec<(Path, String)> {
    let mut found = Vec::new();
    walk(tree, &mut Vec::new(), "", &mut found);
    found
}

fn walk(node: &Yaml, path: &mut Path, name: &str, found: &mut Vec<(Path, String)>) {
    for (place, (key, child)) in children(node).into_iter().enumerate() {
        path.push(place);
        let name = if name.is_empty() { key } else { format!("{name}.{key}") };
        found.push((path.clone(), name.clone()));
        walk(child, path, &name, found);
        path.pop();
    }
}

fn children(node: &Yaml) -> Vec<(String, &Yaml)> {
    match node {
        Yaml::Hash(entries) => entries.iter().map(|(key, value)| (plain(key), value)).collect(),
        Yaml::Array(items) => items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect(),
        Yaml::Real(_)
        | Yaml::Integer(_)
        | Yaml::String(_)
        | Yaml::Boolean(_)
        | Yaml::Alias(_)
        | Yaml::Null
        | Yaml::BadValue => Vec::new(),
    }
}

/// What is done at a place.
#[derive(Clone, Copy)]
enum Edit<'e> {
    /// It is taken out.
    Remove,
    /// A scalar is another.
    Replace(&'e str),
    /// It changes places with the next of its list.
    Swap,
    /// Its key is another.
    Rename,
}

impl Edit<'_> {
    /// What it did, in a word.
    fn done(self) -> String {
        match self {
            Self::Remove => "removed".to_owned(),
            Self::Replace(word) => format!("→ {word}"),
            Self::Swap => "swapped".to_owned(),
            Self::Rename => "renamed".to_owned(),
        }
    }
}

/// The text of the scalar at a place, where there is one.
fn scalar_at(tree: &Yaml, path: &Path) -> Option<String> {
    let node = path.iter().try_fold(tree, |node, place| Some(children(node).get(*place)?.1))?;
    (!matches!(node, Yaml::Hash(_) | Yaml::Array(_))).then(|| plain(node))
}

/// All that can be done at a place, by the scalar that is there.
fn edits(scalar: Option<&str>) -> Vec<Edit<'static>> {
    let is_number = scalar.is_some_and(|scalar| scalar.starts_with(|first: char| first.is_ascii_digit()));
    let numbers = if is_number { &NUMBERS[..] } else { &[] };
    let kinds = KINDS.iter().filter(|kind| scalar.is_some_and(|scalar| kind.contains(&scalar)));
    let words = scalar.filter(|_| !is_number).map(|_| &"other");
    let replaced = kinds.flat_map(|kind| kind.iter()).chain(numbers).chain(words);
    let replaced = replaced.map(|word| Edit::Replace(word));
    [Edit::Remove, Edit::Swap, Edit::Rename].into_iter().chain(replaced).collect()
}

/// The text of a tree, edited at a place below it.
fn write(node: &Yaml, edit: Option<(&[usize], Edit<'_>)>) -> String {
    let is_map = matches!(node, Yaml::Hash(_));
    let mut parts = Vec::new();
    let mut swap = None;
    for (place, (key, child)) in children(node).into_iter().enumerate() {
        let here = edit.filter(|(path, _)| path.first() == Some(&place));
        let below = here
            .map(|(path, edit)| (path.get(1..).unwrap_or_default(), edit))
            .filter(|(path, _)| !path.is_empty());
        let at = here.filter(|(path, _)| path.len() == 1).map(|(_, edit)| edit);
        let (mut key, mut value) = (key, write(child, below));
        match at {
            Some(Edit::Remove) => continue,
            Some(Edit::Replace(word)) => value = quoted(word),
            Some(Edit::Rename) => key.push('x'),
            Some(Edit::Swap) => swap = Some(parts.len()),
            None => {}
        }
        parts.push(if is_map { format!("{key:?}: {value}") } else { value });
    }
    if let Some(first) = swap.filter(|first| !is_map && first + 1 < parts.len()) {
        parts.swap(first, first + 1);
    }
    match node {
        Yaml::Hash(_) => format!("{{ {} }}", parts.join(", ")),
        Yaml::Array(_) => format!("[ {} ]", parts.join(", ")),
        Yaml::String(text) => format!("{text:?}"),
        Yaml::Real(_)
        | Yaml::Integer(_)
        | Yaml::Boolean(_)
        | Yaml::Alias(_)
        | Yaml::Null
        | Yaml::BadValue => plain(node),
    }
}

/// A word as YAML has it: one with quotes of its own in quotes.
fn quoted(word: &str) -> String {
    if word.contains('"') { format!("{word:?}") } else { word.to_owned() }
}

fn plain(scalar: &Yaml) -> String {
    let mut text = String::new();
    match scalar {
        Yaml::Real(number) | Yaml::String(number) => text.push_str(number),
        Yaml::Integer(number) => write!(text, "{number}").unwrap(),
        Yaml::Boolean(yes) => write!(text, "{yes}").unwrap(),
        Yaml::Array(_) | Yaml::Hash(_) | Yaml::Alias(_) | Yaml::Null | Yaml::BadValue => panic!("{scalar:?}"),
    }
    text
}
