//! The forms that orders have: for each word what it needs and what it may have beside. The API's document is made
//! out of them, and what comes is held against them.

use serde_json::{Map, Value};
use std::borrow::Cow;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, KnownFormat, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, Type,
};
use utoipa::{PartialSchema, ToSchema};

/// A form of an order. One word may have several, of which an order is the first whose needs it has.
#[derive(Debug)]
pub struct Form {
    /// The word.
    pub order: &'static str,
    /// The fields that it cannot do without.
    pub needs: &'static [&'static str],
    /// Those that it may have beside.
    pub may_have: &'static [&'static str],
}

const fn form(
    order: &'static str,
    needs: &'static [&'static str],
    may_have: &'static [&'static str],
) -> Form {
    Form { order, needs, may_have }
}

/// All of them.
pub const FORMS: [Form; 21] = [
    form("dispute", &["hold_id"], &["amount", "invoices", "until"]),
    form("promise", &["hold_id"], &["amount", "invoices", "until"]),
    form("deferral", &["hold_id"], &["amount", "invoices", "until"]),
    form("instalments", &["hold_id", "parts"], &["amount", "invoices", "until", "grace_days"]),
    form("dispute_ended", &["hold_id", "outcome"], &[]),
    form("exempt", &[], &[]),
    form("exempt_ended", &[], &[]),
    form("assign_plan", &["plan"], &[]),
    form("pause", &[], &["resume_at"]),
    form("resume", &[], &[]),
    form("jump", &["stage"], &[]),
    form("close", &[], &[]),
    form("rearm", &["rule"], &[]),
    form("task_result", &["queue", "result"], &["command_id"]),
    form("take_task", &["queue"], &["command_id"]),
    form("put_back_task", &["queue"], &["command_id"]),
    form("do", &["operation", "undo"], &["cuts_off"]),
    form("do", &["template", "channel", "class"], &[]),
    form("do", &["queue"], &[]),
    form("undo", &["operation"], &[]),
    form("assign_manager", &["manager"], &[]),
];

/// The fields of every order.
const OF_ALL: [&str; 3] = ["order", "why", "event_id"];

/// Words of orders that are about every account at once: whoever reads the order declines them, and says where they
/// are given.
const OF_EVERY_ACCOUNT: [&str; 3] = ["release_held", "drop_held", "adopt_policy"];

/// Declines an order that has not the fields of any of its word's forms, or others beside, and a word that there is
/// not.
pub(super) fn check(fields: &Map<String, Value>) -> Result<(), String> {
    if let Some((name, _)) = fields.iter().find(|(_, value)| value.is_null()) {
        return Err(format!("`{name}` is null; what is not said is left out"));
    }
    let word = fields.get("order").and_then(Value::as_str).unwrap_or_default();
    let forms = || FORMS.iter().filter(|form| form.order == word);
    if forms().next().is_none() {
        return if OF_EVERY_ACCOUNT.contains(&word) { Ok(()) } else { Err(no_such(fields.get("order"))) };
    }
    let has = |name: &&str| fields.contains_key(*name);
    let Some(form) = forms().find(|form| form.needs.iter().all(has)) else {
        let needs: Vec<String> = forms().map(|form| form.needs.join(" and ")).collect();
        return Err(format!("`{word}` needs {}", needs.join(", or ")));
    };
    let known = || OF_ALL.iter().chain(form.needs).chain(form.may_have);
    match fields.keys().find(|name| !known().any(|known| known == name)) {
        Some(name) => {
            let known: Vec<&str> = known().copied().collect();
            Err(format!("`{name}` is no field of `{word}`, which takes {}", known.join(", ")))
        }
        None => Ok(()),
    }
}

/// Why a word orders nothing.
fn no_such(word: Option<&Value>) -> String {
    let mut known: Vec<&str> = FORMS.iter().map(|form| form.order).collect();
    known.dedup();
    match word {
        None => format!("`order` is missing; it is one of {}", known.join(", ")),
        Some(Value::String(word)) => format!("`order` is «{word}», and must be one of {}", known.join(", ")),
        Some(_) => "`order` is no text".to_owned(),
    }
}

/// Writes whole numbers as such where they came with a fraction of nothing: to JSON Schema `279.0` is an integer, and
/// programs whose language knows one kind of number send it so. Those that are not whole stay, to be declined.
pub(super) fn make_whole(fields: &mut Map<String, Value>) {
    fields.values_mut().for_each(make_value_whole);
}

/// The same of any value.
fn make_value_whole(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            if let Some(whole) = number.as_f64().and_then(whole) {
                *value = whole.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(make_value_whole),
        Value::Object(fields) => make_whole(fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn whole(number: f64) -> Option<i64> {
    // From there on a number may stand for others beside it, and nobody would know which was meant.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let is_whole = number.fract() == 0.0 && number.abs() < EXACT;
    if is_whole { format!("{number:.0}").parse().ok() } else { None }
}

/// An order, as the API's document describes it.
pub(super) struct Ordered;

impl ToSchema for Ordered {
    fn name() -> Cow<'static, str> {
        "Order".into()
    }
}

impl PartialSchema for Ordered {
    fn schema() -> RefOr<Schema> {
        let about = "An order: which fields it takes depends on what is ordered. Amounts are in the smallest unit of \
                     the account's currency.";
        let forms = FORMS.iter().fold(OneOfBuilder::new(), |all, form| all.item(object(form)));
        Schema::OneOf(forms.description(Some(about)).build()).into()
    }
}

fn object(form: &Form) -> ObjectBuilder {
    let order = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([form.order]));
    let mut object = ObjectBuilder::new()
        .property("order", order)
        .required("order")
        .property("why", text("Why: it stands in the history.").pattern(Some(r"[^\s]")))
        .required("why")
        .property(
            "event_id",
            name("The order's own id, where whoever gives it makes one: the same is the same order."),
        )
        .additional_properties(Some(AdditionalProperties::FreeForm(false)));
    for needed in form.needs {
        object = object.property(*needed, field(needed)).required(*needed);
    }
    for other in form.may_have {
        object = object.property(*other, field(other));
    }
    object
}

/// A field, by its name.
fn field(of: &str) -> RefOr<Schema> {
    let words = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words))
    };
    let schema = match of {
        "hold_id" => name("The hold's id."),
        "amount" => amount("How much the hold freezes at most."),
        "invoices" => {
            let invoices = ArrayBuilder::new()
                .items(name("An invoice."))
                .description(Some("The invoices that it is about."));
            return Schema::Array(invoices.build()).into();
        }
        "until" => day("Through which day it holds."),
        "parts" => {
            let part = ObjectBuilder::new()
                .property("due", day("When it is due."))
                .required("due")
                .property("amount", amount("How much it is."))
                .required("amount")
                .additional_properties(Some(AdditionalProperties::FreeForm(false)));
            let parts = ArrayBuilder::new()
                .items(part)
                .min_items(Some(1))
                .description(Some("The parts that it is paid in."));
            return Schema::Array(parts.build()).into();
        }
        "grace_days" => ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(0))
            .maximum(Some(i32::MAX))
            .description(Some("How many days a part may be late.")),
        "outcome" => words(&["upheld", "rejected", "withdrawn"]),
        "plan" => name("The plan."),
        "resume_at" => ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("When it ends by itself.")),
        "stage" => name("The stage."),
        "rule" => name("The threshold rule."),
        "queue" => name("The task's queue."),
        "command_id" => text("The command that gave the task; without it the newest of the queue is meant.")
            .pattern(Some("^[0-9a-f]{32}$")),
        "result" => text("The task's result."),
        "operation" => name("The provisioning operation."),
        "undo" => name("The operation that takes it back."),
        "cuts_off" => {
            ObjectBuilder::new().schema_type(Type::Boolean).description(Some("Whether it cuts off."))
        }
        "template" => name("The message's template."),
        "channel" => name("The message's channel."),
        "class" => words(&["service", "reminder", "statutory"]),
        "manager" => name("To whom."),
        // A test holds that each is here.
        _ => ObjectBuilder::new(),
    };
    Schema::Object(schema.build()).into()
}

fn text(about: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(about))
}

/// A name or an id.
fn name(about: &str) -> ObjectBuilder {
    let pattern = r"^[^\u0000-\u001F\u007F-\u009F]+$";
    text(about).min_length(Some(1)).max_length(Some(255)).pattern(Some(pattern))
}

fn amount(about: &str) -> ObjectBuilder {
    let largest = decision::money::LARGEST_AMOUNT;
    let amount = ObjectBuilder::new().schema_type(Type::Integer).description(Some(about));
    amount.minimum(Some(-largest)).maximum(Some(largest))
}

fn day(about: &str) -> ObjectBuilder {
    text(about).format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A value that each field may have.
    fn value(name: &str) -> Value {
        match name {
            "amount" | "grace_days" => json!(3),
            "invoices" => json!(["B1"]),
            "until" => json!("2026-04-01"),
            "resume_at" => json!("2026-04-01T00:00:00Z"),
            "parts" => json!([{ "due": "2026-04-01", "amount": 3 }]),
            "outcome" => json!("upheld"),
            "cuts_off" => json!(true),
            "command_id" => json!("00112233445566778899aabbccddeeff"),
            "class" => json!("service"),
            other => json!(other),
        }
    }

    fn order(form: &Form, fields: &[&str]) -> Map<String, Value> {
        let mut order =
            Map::from_iter([("order".to_owned(), json!(form.order)), ("why".to_owned(), json!("a try"))]);
        order.extend(fields.iter().map(|name| ((*name).to_owned(), value(name))));
        order
    }

    /// What the topics' schema makes of it.
    fn read(mut order: Map<String, Value>) -> Result<(), String> {
        for name in ["event_id", "account_id", "source", "by", "role"] {
            order.insert(name.to_owned(), json!("x"));
        }
        order.insert("event".to_owned(), json!("control"));
        order.insert("occurred_at".to_owned(), json!("2026-03-01T00:00:00Z"));
        let read = schemas::files::read_line(&Value::Object(order).to_string(), "test");
        read.map(|_| ()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_form_has_what_its_order_needs_and_nothing_less_is_taken() {
        for form in &FORMS {
            let all = [form.needs, form.may_have].concat();
            for fields in [form.needs, &all] {
                let order = order(form, fields);
                assert_eq!(check(&order), Ok(()), "{order:?}");
                assert_eq!(read(order.clone()), Ok(()), "{order:?}");
            }
            for left_out in form.needs {
                let fewer: Vec<&str> = form.needs.iter().copied().filter(|name| name != left_out).collect();
                let order = order(form, &fewer);
                let told = check(&order).unwrap_err();
                assert!(told.contains(" needs ") || told.contains("is no field of"), "{order:?}: {told}");
                assert!(read(order).is_err() || form.order == "do", "{} without {left_out}", form.order);
            }
        }
    }

    #[test]
    fn what_is_of_another_form_or_says_nothing_is_declined() {
        for form in &FORMS {
            let mut more = order(form, form.needs);
            more.insert("colour".to_owned(), json!("red"));
            assert!(check(&more).unwrap_err().contains("`colour` is no field of"));
            let mut null = order(form, form.needs);
            null.insert("event_id".to_owned(), Value::Null);
            assert!(check(&null).unwrap_err().contains("`event_id` is null"));
        }
        let other = FORMS.iter().find(|form| form.order == "jump").unwrap();
        assert!(
            check(&order(other, &["stage", "rule"])).unwrap_err().contains("`rule` is no field of `jump`")
        );
    }

    #[test]
    fn a_whole_number_may_come_with_a_fraction_of_nothing() {
        #[track_caller]
        fn check(came: &str, read: &str) {
            let mut fields: Map<String, Value> = serde_json::from_str(came).unwrap();
            make_whole(&mut fields);
            assert_eq!(Value::Object(fields).to_string(), read);
        }
        check(r#"{"amount":279.0}"#, r#"{"amount":279}"#);
        check(r#"{"amount":-1e15}"#, r#"{"amount":-1000000000000000}"#);
        check(r#"{"amount":-0.0}"#, r#"{"amount":0}"#);
        check(r#"{"parts":[{"amount":3.0}]}"#, r#"{"parts":[{"amount":3}]}"#);
        check(r#"{"amount":279.5}"#, r#"{"amount":279.5}"#);
        check(r#"{"amount":9007199254740992.0}"#, r#"{"amount":9007199254740992.0}"#);
        check(r#"{"amount":9007199254740993}"#, r#"{"amount":9007199254740993}"#);
        check(r#"{"why":"279.0"}"#, r#"{"why":"279.0"}"#);
    }

    #[test]
    fn every_field_is_described_and_every_order_on_an_account_has_a_form() {
        let schema = serde_json::to_value(Ordered::schema()).unwrap();
        let described = schema["oneOf"].as_array().unwrap();
        assert_eq!(described.len(), FORMS.len());
        for (form, described) in FORMS.iter().zip(described) {
            for name in form.needs.iter().chain(form.may_have) {
                let property = &described["properties"][*name];
                assert!(property["type"].is_string(), "{name} of {}: {property}", form.order);
            }
            assert_eq!(described["additionalProperties"], false);
        }
        let control: Value = serde_json::from_str(schemas::RecordSchema::Control.json()).unwrap();
        let fields = control["fields"].as_array().unwrap();
        let words = fields.iter().find(|field| field["name"] == "order").unwrap()["type"]["symbols"].clone();
        let of_all = ["release_held", "drop_held", "adopt_policy"];
        for word in words.as_array().unwrap().iter().filter_map(Value::as_str) {
            let has_form = FORMS.iter().any(|form| form.order == word);
            assert_eq!(has_form, !of_all.contains(&word), "{word}");
        }
    }
}
