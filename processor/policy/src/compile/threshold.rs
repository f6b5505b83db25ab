//! Threshold rules.

use super::{Checker, Section};
use crate::condition::Over;
use crate::file::{DeliverWord, LineText, OnFirstWord, ThresholdFile};
use crate::report::Span;
use crate::texts::Speaks;
use crate::yaml::{NonEmpty, Spanned};
use decision::ids::{BalanceName, RuleId};
use decision::money::{Decimal, MinorUnits};
use decision::policy::Unit;
use decision::threshold::{Deliver, Direction, Line, Lines, OnFirst, Threshold, Watch};
use std::collections::BTreeMap;

/// Percent lines are kept in hundredths of a percent.
const PERCENT_DECIMALS: u8 = 2;

impl Checker<'_> {
    pub(super) fn thresholds(
        &mut self,
        rules: &[Spanned<ThresholdFile>],
        balances: &BTreeMap<BalanceName, Unit>,
    ) -> Vec<Threshold> {
        self.once("rule", rules.iter().map(|rule| &rule.id));
        rules.iter().filter_map(|rule| self.threshold(rule, balances)).collect()
    }

    fn threshold(
        &mut self,
        rule: &Spanned<ThresholdFile>,
        balances: &BTreeMap<BalanceName, Unit>,
    ) -> Option<Threshold> {
        self.known(Section::Balances, &rule.balance);
        let unit = balances.get(rule.balance.as_str()).copied();
        let when = self.condition(rule.when.as_ref(), Over::Account);
        let measures = self.measures(rule.measures.iter(), Speaks::Balance);
        let watch = self.watch(rule, self.decimals(unit));
        Some(Threshold {
            id: RuleId::from(rule.id.as_str()),
            balance: BalanceName::from(rule.balance.as_str()),
            when,
            watch: watch?,
            max_age: rule.max_age.as_ref().map(|age| age.value.0),
            measures,
            observe: rule.observe,
        })
    }

    fn watch(&mut self, rule: &Spanned<ThresholdFile>, decimals: u8) -> Option<Watch> {
        match (&rule.falls_to, &rule.rises_to, &rule.expires_in) {
            (Some(lines), None, None) => Some(self.lines(rule, Direction::Falling, lines, decimals)),
            (None, Some(lines), None) => Some(self.lines(rule, Direction::Rising, lines, decimals)),
            (None, None, Some(before)) => {
                self.only_for_lines(rule);
                Some(Watch::Expiry { before: before.value.0 })
            }
            (None, None, None) if rule.damaged => None,
            (None, None, None) => {
                let message = format!("the rule `{}` watches for nothing", rule.id.value);
                let help = "give it `falls_to`, `rises_to` or `expires_in`";
                self.error("missing-field", rule.id.span, message, help);
                None
            }
            _ => {
                let message = format!("the rule `{}` watches for several things", rule.id.value);
                let help = "keep one of `falls_to`, `rises_to`, `expires_in`; make a rule of each";
                self.error("contradiction", rule.id.span, message, help);
                None
            }
        }
    }

    /// What has no meaning for an expiry.
    fn only_for_lines(&mut self, rule: &ThresholdFile) {
        let fields = [
            ("every", rule.every.as_ref().map(|field| field.span)),
            ("hysteresis", rule.hysteresis.as_ref().map(|field| field.span)),
            ("on_first", rule.on_first.map(|field| field.span)),
            ("deliver", rule.deliver.map(|field| field.span)),
            ("cooldown", rule.cooldown.as_ref().map(|field| field.span)),
            ("max_age", rule.max_age.as_ref().map(|field| field.span)),
            ("recovered", rule.recovered.as_ref().map(|field| field.span)),
        ];
        for (field, span) in fields {
            if let Some(span) = span {
                let message = format!("`{field}` has no meaning for an expiry: no event crosses a line");
                self.error("contradiction", span, message, "leave it out");
            }
        }
    }

    fn lines(
        &mut self,
        rule: &ThresholdFile,
        direction: Direction,
        lines: &NonEmpty<Spanned<LineText>>,
        decimals: u8,
    ) -> Watch {
        self.order(direction, lines, decimals);
        let last = lines.0.last().map(|line| &line.value.0);
        let recovered = rule.recovered.iter().flat_map(|measures| measures.iter());
        Watch::Lines(Lines {
            direction,
            listed: lines.iter().map(|line| line.value.0).collect(),
            every: rule.every.as_ref().and_then(|every| self.every(every, last, decimals)),
            hysteresis: self.hysteresis(rule, decimals),
            on_first: match rule.on_first.map(|word| word.value) {
                None | Some(OnFirstWord::Silent) => OnFirst::Silent,
                Some(OnFirstWord::Fire) => OnFirst::Fire,
            },
            deliver: match rule.deliver.map(|word| word.value) {
                None | Some(DeliverWord::All) => Deliver::All,
                Some(DeliverWord::Severest) => Deliver::Severest,
            },
            cooldown: rule.cooldown.as_ref().map(|cooldown| cooldown.value.0),
            recovered: self.measures(recovered, Speaks::Balance),
        })
    }

    /// Each line lies further than the one before, and all are of one kind.
    fn order(&mut self, direction: Direction, lines: &NonEmpty<Spanned<LineText>>, decimals: u8) {
        let mut before: Option<(&Line, MinorUnits)> = None;
        for line in lines.iter() {
            let Some(at) = self.line(&line.value.0, line.span, decimals) else { continue };
            if let Some((previous, previous_at)) = before {
                let (further, help) = match direction {
                    Direction::Falling => {
                        (at < previous_at, "write falling lines from the highest to the lowest")
                    }
                    Direction::Rising => {
                        (at > previous_at, "write rising lines from the lowest to the highest")
                    }
                };
                if is_percent(previous) != is_percent(&line.value.0) {
                    let message = "amounts and parts of the limit do not mix in one rule";
                    self.error("lines-out-of-order", line.span, message, "make a rule of each");
                } else if !further {
                    let message = format!("the line {} does not lie beyond {previous}", line.value.0);
                    self.error("lines-out-of-order", line.span, message, help);
                }
            }
            before = Some((&line.value.0, at));
        }
    }

    fn line(&mut self, line: &Line, span: Span, decimals: u8) -> Option<MinorUnits> {
        match line {
            Line::Amount(amount) => self.fits(*amount, decimals, span),
            Line::Percent(percent) => {
                if percent.is_negative() {
                    self.error(
                        "wrong-value",
                        span,
                        "a part of the limit is not below zero",
                        "write 0% or more",
                    );
                }
                self.fits(*percent, PERCENT_DECIMALS, span)
            }
        }
    }

    fn every(&mut self, every: &Spanned<LineText>, last: Option<&Line>, decimals: u8) -> Option<Line> {
        let step = every.value.0;
        let at = self.line(&step, every.span, decimals)?;
        if !at.is_positive() {
            self.error(
                "wrong-value",
                every.span,
                format!("a step of {step} leads nowhere"),
                "write more than 0",
            );
        }
        if last.is_some_and(|last| is_percent(last) != is_percent(&step)) {
            let message = "the step is not of the kind of the lines";
            self.error("wrong-value", every.span, message, "write both as amounts, or both with %");
        }
        Some(step)
    }

    fn hysteresis(&mut self, rule: &ThresholdFile, decimals: u8) -> Decimal {
        let Some(hysteresis) = &rule.hysteresis else { return Decimal::ZERO };
        let value = hysteresis.value.0;
        if value.is_negative() {
            let message = format!("a hysteresis of {value} is below zero");
            self.error("wrong-value", hysteresis.span, message, "write 0 or more");
        }
        self.fits(value, decimals, hysteresis.span);
        value
    }

    fn decimals(&self, unit: Option<Unit>) -> u8 {
        match unit {
            Some(Unit::Money) => self.exponent.unwrap_or(2),
            Some(Unit::Bytes | Unit::Seconds | Unit::Pieces) => 0,
            // The balance is not known, and that is said already.
            None => 3,
        }
    }
}

fn is_percent(line: &Line) -> bool {
    matches!(line, Line::Percent(_))
}
