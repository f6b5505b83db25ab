//! How commands leave: retries, caps, rates and the breaker.

use super::Checker;
use crate::file::{BreakerFile, CapFile, CommandsFile, DeliveryFile, MeasureFile, Rate};
use crate::report::Finding;
use crate::suggest;
use crate::texts::Speaks;
use crate::yaml::{Spanned, Table};
use decision::ids::Channel;
use decision::money::MinorUnits;
use decision::policy::{Breaker, Cap, CommandRules, Delivery, Measure};
use std::collections::BTreeMap;

/// What rates may name beside channels.
const KINDS: [&str; 4] = ["provision", "task", "fee", "handover"];

/// So often is a command tried again at most: more is a loop, and no patience.
const MOST_RETRIES: u32 = 100;

impl Checker<'_> {
    pub(super) fn commands(&mut self, commands: &CommandsFile) -> CommandRules {
        CommandRules {
            message: self.delivery(commands.message.as_ref()),
            provision: self.delivery(commands.provision.as_ref()),
            caps: self.caps(&commands.caps),
            rates: self.rates(&commands.rates),
            breaker: commands.breaker.as_ref().map(|breaker| self.breaker(breaker)),
        }
    }

    fn delivery(&mut self, delivery: Option<&DeliveryFile>) -> Delivery {
        let Some(delivery) = delivery else { return Delivery::default() };
        if let Some(within) = &delivery.report_within {
            self.some_time(within, "no report can come within no time");
        }
        let retries = delivery.retries.as_ref();
        if let Some(retries) = retries.filter(|retries| retries.value > MOST_RETRIES) {
            let message = format!("{} tries are more than any receiver needs", retries.value);
            self.error("wrong-value", retries.span, message, &format!("write {MOST_RETRIES} or less"));
        }
        Delivery {
            report_within: delivery.report_within.as_ref().map(|within| within.value.0),
            retries: retries.map_or(0, |retries| retries.value),
            then: delivery.then.as_ref().map(|then| self.last_resort(then)),
        }
    }

    /// What is done after the last try ends at a person: anything else could fail in its turn, or
    /// do to the customer what no stage has decided.
    fn last_resort(&mut self, then: &MeasureFile) -> Measure {
        if !matches!(then, MeasureFile::Task(_)) {
            let message = "what is done after the last try must be a task: all else could fail again";
            self.error("contradiction", then.span(), message, "write `then: { task: { queue: … } }`");
        }
        self.measure(then, Speaks::Debt)
    }

    fn caps(&mut self, caps: &[CapFile]) -> Vec<Cap> {
        let mut seen: BTreeMap<(&str, i64), usize> = BTreeMap::new();
        for cap in caps {
            self.some_text(&cap.channel);
            self.some_time(&cap.per, "in no time nothing can be counted");
            let key = (cap.channel.as_str(), cap.per.value.0.nominal_micros());
            if let Some(line) = seen.insert(key, cap.channel.span.line) {
                let message =
                    format!("the cap of `{}` for this time is there already, in line {line}", key.0);
                self.error("duplicate-name", cap.channel.span, message, "keep one of them");
            }
            if cap.at_most.value == 0 {
                let message = format!("a cap of 0 lets nothing out by `{}`", cap.channel.value);
                self.error(
                    "wrong-value",
                    cap.at_most.span,
                    message,
                    "write 1 or more, or send by another channel",
                );
            }
            self.sent_by(&cap.channel, &[]);
        }
        let compiled = |cap: &CapFile| Cap {
            channel: Channel::from(cap.channel.as_str()),
            at_most: cap.at_most.value,
            per: cap.per.value.0,
        };
        caps.iter().map(compiled).collect()
    }

    fn rates(&mut self, rates: &Table<Spanned<Rate>>) -> BTreeMap<String, u32> {
        for (name, rate) in rates.iter() {
            self.some_text(name);
            if rate.value.0 == 0 {
                let message =
                    format!("a rate of 0 lets nothing out: all of `{}` would wait for ever", name.value);
                self.error("wrong-value", rate.span, message, "write 1/s or more");
            }
            self.sent_by(name, &KINDS);
        }
        rates.iter().map(|(name, rate)| (name.value.clone(), rate.value.0)).collect()
    }

    /// What is bounded should be sent by something.
    fn sent_by(&mut self, name: &Spanned<String>, besides: &[&str]) {
        if self.channels.contains(&name.value) || besides.contains(&name.as_str()) {
            return;
        }
        let known = self.channels.iter().map(String::as_str).chain(besides.iter().copied());
        let help = suggest::instead_of(name, known).unwrap_or_else(|| "leave it out".to_owned());
        let message = format!("nothing is sent by `{}`", name.value);
        self.say(Finding::warning("unused", name.span, message).with_help(help));
    }

    fn breaker(&mut self, breaker: &BreakerFile) -> Breaker {
        let more_than = &breaker.more_than;
        // Three decimals tell any two multiples apart that a person would write.
        if more_than.value.0.cut_to(3) <= MinorUnits(1_000) {
            let message = format!("at {}x it would stop the usual number of orders", more_than.value.0);
            self.error("wrong-value", more_than.span, message, "write more than 1x, as 3x");
        }
        self.some_time(&breaker.over, "in no time nothing can be counted");
        if breaker.against.value.0.nominal_micros() <= breaker.over.value.0.nominal_micros() {
            let message =
                format!("{} cannot show what is usual in {}", breaker.against.value.0, breaker.over.value.0);
            self.error("contradiction", breaker.against.span, message, "write a longer time, as 7d");
        }
        if breaker.at_least.value == 0 {
            let message = "with a least number of 0 the very first order would be stopped";
            self.error("wrong-value", breaker.at_least.span, message, "write 1 or more, as 100");
        }
        Breaker {
            more_than: more_than.value.0,
            over: breaker.over.value.0,
            against: breaker.against.value.0,
            at_least: breaker.at_least.value,
        }
    }
}
