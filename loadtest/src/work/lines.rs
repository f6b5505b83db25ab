//! A balance, and which line a new value of it fires.

/// The rules, as the commands name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rule {
    LowBalance,
    DataLow,
    /// Weir alone.
    DataExpires,
}

impl Rule {
    pub(super) const ALL: [Self; 3] = [Self::LowBalance, Self::DataLow, Self::DataExpires];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::LowBalance => "low-balance",
            Self::DataLow => "data-low",
            Self::DataExpires => "data-expires",
        }
    }

    /// Its lines, highest first, as they are told.
    pub(super) fn words(self) -> &'static [&'static str] {
        match self {
            Self::LowBalance => &["5.00", "2.00", "0.50"],
            Self::DataLow => &["50%", "20%", "5%"],
            Self::DataExpires => &[],
        }
    }
}

/// A balance of an account.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Balance {
    value: i64,
    limit: i64,
    version: i64,
    is_known: bool,
    has_version: bool,
    /// The lines that have fired, a bit each.
    fired: u8,
}

/// A line of a balance, in hundredths of its unit: so that amounts and percents are one case.
fn position(rule: Rule, line: usize, limit: i64) -> Option<i128> {
    let limit = i128::from(limit);
    match rule {
        Rule::LowBalance => [500, 200, 50].get(line).map(|cents| cents * 100),
        Rule::DataLow => [50, 20, 5].get(line).filter(|_| limit > 0).map(|percent| percent * limit),
        Rule::DataExpires => None,
    }
}

impl Balance {
    /// A new value comes. None where its version says that it is not new.
    pub(super) fn take(
        &mut self,
        rule: Rule,
        value: i64,
        limit: Option<i64>,
        version: Option<i64>,
    ) -> Option<Option<u8>> {
        if version.is_some_and(|version| self.has_version && version <= self.version) {
            return None;
        }
        if let Some(version) = version {
            (self.version, self.has_version) = (version, true);
        }
        let former = self.is_known.then_some((self.value, self.limit));
        self.value = value;
        self.limit = limit.unwrap_or(self.limit);
        self.is_known = true;
        Some(self.cross(rule, former))
    }

    /// Arms and fires lines; answers the lowest that fired.
    fn cross(&mut self, rule: Rule, former: Option<(i64, i64)>) -> Option<u8> {
        let above =
            |(value, limit): (i64, i64), line| Some(i128::from(value) * 100 - position(rule, line, limit)?);
        let mut lowest = None;
        for (line, bit) in [1_u8, 2, 4].into_iter().enumerate() {
            let Some(now) = above((self.value, self.limit), line) else { continue };
            let is_back = match rule {
                Rule::LowBalance => now >= 100 * 100,
                Rule::DataLow | Rule::DataExpires => now > 0,
            };
            if is_back {
                self.fired &= !bit;
            }
            let was_above = former.and_then(|former| above(former, line)).is_some_and(|before| before > 0);
            if self.fired & bit == 0 && was_above && now <= 0 {
                self.fired |= bit;
                lowest = u8::try_from(line).ok();
            }
        }
        lowest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values one after the other: value, limit, version, and the line that must be told.
    type Row = (i64, Option<i64>, Option<i64>, Option<Option<&'static str>>);

    #[track_caller]
    fn check(rule: Rule, rows: &[Row]) {
        let mut balance = Balance::default();
        for (at, (value, limit, version, expected)) in rows.iter().enumerate() {
            let line = balance.take(rule, *value, *limit, *version);
            let told = line.map(|line| line.map(|line| rule.words()[usize::from(line)]));
            assert_eq!(told, *expected, "row {at}: {value}");
        }
    }

    const NONE: Option<Option<&str>> = Some(None);

    fn told(line: &'static str) -> Option<Option<&'static str>> {
        Some(Some(line))
    }

    #[test]
    fn of_the_lines_of_money_that_one_value_crosses_the_lowest_is_told_and_a_first_value_tells_nothing() {
        let rows = [(400, NONE), (2_000, NONE), (100, told("2.00")), (50, told("0.50")), (49, NONE)];
        check(Rule::LowBalance, &rows.map(|(value, line)| (value, None, None, line)));
        // A value at a line has crossed it; one that was at it had crossed it before.
        let rows = [(500, NONE), (499, NONE), (501, NONE), (500, told("5.00"))];
        check(Rule::LowBalance, &rows.map(|(value, line)| (value, None, None, line)));
    }

    #[test]
    fn a_line_of_money_is_armed_a_whole_above_it_and_not_a_cent_earlier() {
        let rows =
            [(2_000, NONE), (499, told("5.00")), (599, NONE), (499, NONE), (600, NONE), (500, told("5.00"))];
        check(Rule::LowBalance, &rows.map(|(value, line)| (value, None, None, line)));
    }

    #[test]
    fn lines_of_data_are_parts_of_the_last_limit_and_armed_by_anything_above_them() {
        check(
            Rule::DataLow,
            &[
                (1_000, Some(1_000), None, NONE),
                (500, Some(1_000), None, told("50%")),
                (501, None, None, NONE),
                (500, None, None, told("50%")),
                (40, None, None, told("5%")),
                // Twice as large a bundle: 50 is 2.5 %, and no line has been crossed anew.
                (50, Some(2_000), None, NONE),
                (2_000, None, None, NONE),
                (999, None, None, told("50%")),
            ],
        );
        // Without a limit there is no line.
        check(Rule::DataLow, &[(100, None, None, NONE), (1, None, None, NONE), (0, Some(100), None, NONE)]);
        // A hundredth that is no whole number: 5 % of 30 is 1.5.
        check(
            Rule::DataLow,
            &[(7, Some(30), None, NONE), (2, None, None, told("20%")), (1, None, None, told("5%"))],
        );
    }

    #[test]
    fn a_version_that_is_not_above_the_last_changes_nothing() {
        check(
            Rule::LowBalance,
            &[
                (2_000, None, Some(-3), NONE),
                (400, None, Some(-3), None),
                (400, None, Some(4), told("5.00")),
                (2_000, None, Some(3), None),
                (100, None, Some(5), told("2.00")),
            ],
        );
    }
}
