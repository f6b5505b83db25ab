//! How a value stands to the lines of a rule: the arithmetic of firing and re-arming.
//!
//! Everything is compared on one scale, so that falling and rising, amounts and percents are one
//! case: amounts × 10,000, a percent line as its hundredths × the base; what rises is negated.

use super::MOST_LINES_NAMED;
use crate::balance::{FiredLine, FiredSteps, RuleState};
use crate::money::MinorUnits;
use crate::threshold::{Direction, Line, LineKey, Lines, OnFirst};
use crate::why_not::threshold::Finding;
use std::ops::RangeInclusive;

/// Hundredths of a percent in the whole.
const WHOLE: i128 = 10_000;

/// Where a value stands now, and where it stood before.
#[derive(Clone, Copy)]
pub(super) struct Standing {
    /// How many decimals the balance's unit has.
    pub(super) exponent: u8,
    /// The value now.
    pub(super) value: MinorUnits,
    /// What percent lines are percent of, now.
    pub(super) base: Option<MinorUnits>,
    /// The value before; none where this is the first, or the first of a period.
    pub(super) former: Option<MinorUnits>,
    /// What percent lines were percent of, before.
    pub(super) former_base: Option<MinorUnits>,
}

impl Standing {
    /// A value of this balance, written for a person.
    pub(super) fn text(&self, value: MinorUnits) -> String {
        value.in_major(self.exponent)
    }

    fn key(&self, line: Line) -> LineKey {
        match line {
            Line::Amount(amount) => LineKey { percent: false, at: amount.cut_to(self.exponent) },
            Line::Percent(percent) => LineKey { percent: true, at: percent.cut_to(2) },
        }
    }

    fn key_text(&self, key: LineKey) -> String {
        if !key.percent {
            return self.text(key.at);
        }
        let text = key.at.in_major(2);
        format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// The lines that one event crossed.
pub(super) struct Crossed {
    /// How many.
    pub(super) count: u32,
    /// The furthest of them, nearest first, as the policy writes them.
    pub(super) named: Vec<String>,
    listed: Vec<LineKey>,
    nearest_step: Option<i64>,
}

/// Forgets fired lines that the rule no longer has: they are new lines now.
pub(super) fn forget_changed_lines(state: &mut RuleState, lines: &Lines, standing: &Standing) {
    if state.fired.is_empty() && state.fired_steps.is_none() {
        return;
    }
    let listed: Vec<LineKey> = lines.listed.iter().map(|line| standing.key(*line)).collect();
    state.fired.retain(|fired| listed.contains(&fired.line));
    let steps = steps_of(lines, standing);
    state.fired_steps = state
        .fired_steps
        .filter(|fired| steps.is_some_and(|(from, step)| fired.from == from && fired.step == step));
}

/// Arms again what the value is back across. True when that were the last announced lines.
pub(super) fn rearm(state: &mut RuleState, lines: &Lines, standing: &Standing) -> bool {
    let was_announced = is_announced(state);
    let hysteresis = scaled(lines.hysteresis.cut_to(standing.exponent));
    let value = directed(lines.direction, scaled(standing.value));
    let is_back = |at: i128| is_back(value, hysteresis, at);
    state
        .fired
        .retain(|fired| position(lines.direction, fired.line, standing.base).is_none_or(|at| !is_back(at)));
    let left = state.fired_steps.and_then(|steps| rearm_steps(steps, lines, standing, is_back));
    state.fired_steps = left;
    was_announced && !is_announced(state)
}

/// Whether a value is back across a line by the hysteresis: without one, beyond it.
fn is_back(value: i128, hysteresis: i128, at: i128) -> bool {
    let beyond = value.saturating_sub(hysteresis);
    if hysteresis == 0 { beyond > at } else { beyond >= at }
}

/// Of the fired steps, those that are not back across: the furthest re-arm first.
fn rearm_steps(
    steps: FiredSteps,
    lines: &Lines,
    standing: &Standing,
    is_back: impl Fn(i128) -> bool,
) -> Option<FiredSteps> {
    let Some(grid) = Grid::new(lines, standing, standing.base) else { return Some(steps) };
    let (mut low, mut high) = (steps.nearest.saturating_sub(1), steps.furthest);
    // The furthest one not back across, by halving: between `nearest - 1` (all are back) and it.
    while low < high {
        let middle = low.saturating_add(high.saturating_sub(low).saturating_add(1).div_euclid(2));
        if is_back(grid.at(middle)) {
            high = middle.saturating_sub(1);
        } else {
            low = middle;
        }
    }
    let nearest_announced = steps.nearest_announced.filter(|announced| *announced <= low);
    (low >= steps.nearest).then_some(FiredSteps { furthest: low, nearest_announced, ..steps })
}

/// Fires what the value crossed; none where it crossed no armed line.
pub(super) fn fire(state: &mut RuleState, lines: &Lines, standing: &Standing) -> Option<Crossed> {
    let mut listed = Vec::new();
    let mut named = Vec::new();
    for line in &lines.listed {
        let key = standing.key(*line);
        let is_armed = !state.fired.iter().any(|fired| fired.line == key);
        if is_armed && is_crossed(key, lines, standing) {
            listed.push(key);
            named.push(line.to_string());
        }
    }
    state.fired.extend(listed.iter().map(|line| FiredLine { line: *line, announced: false }));
    let steps = fire_steps(state, lines, standing);
    let step_count = steps.iter().fold(0, |sum: i64, range| sum.saturating_add(length(range)));
    let count = i64::try_from(listed.len()).unwrap_or(i64::MAX).saturating_add(step_count);
    if count == 0 {
        return None;
    }
    if let Some(grid) = Grid::new(lines, standing, standing.base) {
        let furthest_first = steps.iter().rev().flat_map(|range| range.clone().rev());
        let furthest: Vec<i64> = furthest_first.take(MOST_LINES_NAMED).collect();
        named.extend(furthest.iter().rev().map(|step| standing.key_text(grid.key(*step))));
    }
    let surplus = named.len().saturating_sub(MOST_LINES_NAMED);
    named.drain(..surplus);
    Some(Crossed {
        count: u32::try_from(count).unwrap_or(u32::MAX),
        named,
        listed,
        nearest_step: steps.iter().find(|range| !range.is_empty()).map(|range| *range.start()),
    })
}

/// Notes that an alert was sent for the crossed lines.
pub(super) fn announce(state: &mut RuleState, crossed: &Crossed) {
    for fired in state.fired.iter_mut().filter(|fired| crossed.listed.contains(&fired.line)) {
        fired.announced = true;
    }
    if let (Some(steps), Some(nearest)) = (state.fired_steps.as_mut(), crossed.nearest_step) {
        steps.nearest_announced = Some(steps.nearest_announced.map_or(nearest, |known| known.min(nearest)));
    }
}

/// The fired lines, as the policy writes them, nearest first; of the steps the furthest 100.
pub(crate) fn fired_texts(state: &RuleState, lines: &Lines, exponent: u8) -> Vec<String> {
    let standing =
        Standing { exponent, value: MinorUnits::ZERO, base: None, former: None, former_base: None };
    let is_fired = |line: &&Line| state.fired.iter().any(|fired| fired.line == standing.key(**line));
    let mut texts: Vec<String> = lines.listed.iter().filter(is_fired).map(Line::to_string).collect();
    if let Some(steps) = state.fired_steps {
        let most = i64::try_from(MOST_LINES_NAMED).unwrap_or(i64::MAX);
        let first = steps.nearest.max(steps.furthest.saturating_sub(most).saturating_add(1));
        texts.extend(
            (first..=steps.furthest)
                .map(|step| standing.key_text(step_key(lines.direction, steps.from, steps.step, step))),
        );
    }
    texts
}

/// Where the value stands to each listed line, and to the steps beyond them.
pub(super) fn findings(state: Option<&RuleState>, lines: &Lines, standing: &Standing) -> Vec<Finding> {
    let of_line = |line: &Line| {
        let key = standing.key(*line);
        let fired = state.and_then(|state| state.fired.iter().find(|fired| fired.line == key));
        let at = position(lines.direction, key, standing.base);
        finding(line.to_string(), at, fired.map(|fired| fired.announced), lines, standing)
    };
    let mut findings: Vec<Finding> = lines.listed.iter().map(of_line).collect();
    let Some(grid) = Grid::new(lines, standing, standing.base) else { return findings };
    // Steps of another distance are forgotten with the next value.
    let steps = state.and_then(|state| state.fired_steps);
    let steps = steps.filter(|steps| steps.from == grid.from && steps.step == grid.step);
    let mut of_step = |number: i64, announced: Option<bool>| {
        let text = standing.key_text(grid.key(number));
        findings.push(finding(text, Some(grid.at(number)), announced, lines, standing));
    };
    if let Some(steps) = steps {
        // Those met before the first announced one fired without an alert.
        let is_announced = |number| steps.nearest_announced.is_some_and(|nearest| nearest <= number);
        of_step(steps.nearest, Some(is_announced(steps.nearest)));
        if steps.furthest > steps.nearest {
            of_step(steps.furthest, Some(is_announced(steps.furthest)));
        }
    }
    let furthest = steps.map_or(0, |steps| steps.furthest);
    of_step(furthest.saturating_add(1), None);
    // Beyond steps that it never crossed, the value comes to the one after them next.
    let reached = grid.last_reached(directed(lines.direction, scaled(standing.value)));
    if reached > furthest {
        of_step(reached.saturating_add(1), None);
    }
    findings
}

/// Where the value stands to the line that lies there; `announced` where it is fired.
fn finding(
    line: String,
    at: Option<i128>,
    announced: Option<bool>,
    lines: &Lines,
    standing: &Standing,
) -> Finding {
    let Some(at) = at else { return Finding::NoLimit { line } };
    let (direction, value) = (lines.direction, standing.value);
    let hysteresis = scaled(lines.hysteresis.cut_to(standing.exponent));
    let acts_at = last_value_to(direction, at);
    match announced {
        Some(announced) => {
            let armed_at = first_value_back(direction, hysteresis, at);
            Finding::Fired { line, value, armed_at, announced }
        }
        None if is_at_or_beyond(direction, value, at) => {
            Finding::BeyondUncrossed { line, value, back_at: first_value_back(direction, 0, at), acts_at }
        }
        None => Finding::NotReached { line, value, acts_at },
    }
}

/// The value at which a line is just reached.
fn last_value_to(direction: Direction, at: i128) -> MinorUnits {
    undirected(direction, at.div_euclid(WHOLE))
}

/// The first value that is back across a line.
fn first_value_back(direction: Direction, hysteresis: i128, at: i128) -> MinorUnits {
    let back = at.saturating_add(hysteresis);
    let touched = back.div_euclid(WHOLE);
    let is_there = is_back(touched.saturating_mul(WHOLE), hysteresis, at);
    undirected(direction, if is_there { touched } else { touched.saturating_add(1) })
}

fn undirected(direction: Direction, value: i128) -> MinorUnits {
    let value = directed(direction, value);
    MinorUnits(i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX }))
}

/// Fires the steps that the value crossed: the armed ones above those already fired, and below.
fn fire_steps(state: &mut RuleState, lines: &Lines, standing: &Standing) -> [RangeInclusive<i64>; 2] {
    #[expect(clippy::reversed_empty_ranges, reason = "an empty range is meant")]
    const NONE: RangeInclusive<i64> = 1..=0;
    let Some(grid) = Grid::new(lines, standing, standing.base) else { return [NONE, NONE] };
    let furthest = grid.last_reached(directed(lines.direction, scaled(standing.value)));
    let former_grid = Grid::new(lines, standing, standing.former_base);
    let nearest = match (standing.former, former_grid) {
        (Some(former), Some(former_grid)) => {
            let reached = former_grid.last_reached(directed(lines.direction, scaled(former)));
            reached.saturating_add(1)
        }
        // The first value, or the first one that the lines can be compared with.
        _ if lines.on_first == OnFirst::Fire => 1,
        _ => return [NONE, NONE],
    };
    if furthest < nearest {
        return [NONE, NONE];
    }
    let Some(fired) = state.fired_steps else {
        let (from, step) = (grid.from, grid.step);
        state.fired_steps = Some(FiredSteps { from, step, nearest, furthest, nearest_announced: None });
        return [nearest..=furthest, NONE];
    };
    state.fired_steps = Some(FiredSteps {
        nearest: fired.nearest.min(nearest),
        furthest: fired.furthest.max(furthest),
        ..fired
    });
    let above = nearest..=furthest.min(fired.nearest.saturating_sub(1));
    let below = nearest.max(fired.furthest.saturating_add(1))..=furthest;
    [above, below]
}

fn length(range: &RangeInclusive<i64>) -> i64 {
    range.end().saturating_sub(*range.start()).saturating_add(1).max(0)
}

fn is_crossed(key: LineKey, lines: &Lines, standing: &Standing) -> bool {
    let Some(at) = position(lines.direction, key, standing.base) else { return false };
    if !is_at_or_beyond(lines.direction, standing.value, at) {
        return false;
    }
    let former_at = position(lines.direction, key, standing.former_base);
    match (standing.former, former_at) {
        (Some(former), Some(former_at)) => !is_at_or_beyond(lines.direction, former, former_at),
        // The first value, or the first one that the line can be compared with.
        _ => lines.on_first == OnFirst::Fire,
    }
}

fn is_at_or_beyond(direction: Direction, value: MinorUnits, at: i128) -> bool {
    directed(direction, scaled(value)) <= at
}

fn is_announced(state: &RuleState) -> bool {
    state.fired.iter().any(|fired| fired.announced)
        || state.fired_steps.is_some_and(|steps| steps.nearest_announced.is_some())
}

/// Where a line lies on the scale; none for a percent line without a base.
fn position(direction: Direction, key: LineKey, base: Option<MinorUnits>) -> Option<i128> {
    let at = i128::from(key.at.0);
    if !key.percent {
        return Some(directed(direction, at.saturating_mul(WHOLE)));
    }
    let base = base.filter(|base| base.is_positive())?;
    Some(directed(direction, at.saturating_mul(i128::from(base.0))))
}

fn scaled(value: MinorUnits) -> i128 {
    i128::from(value.0).saturating_mul(WHOLE)
}

fn directed(direction: Direction, value: i128) -> i128 {
    match direction {
        Direction::Falling => value,
        Direction::Rising => value.saturating_neg(),
    }
}

/// The last listed line and the distance of the steps beyond it, where the rule has such.
fn steps_of(lines: &Lines, standing: &Standing) -> Option<(LineKey, MinorUnits)> {
    let step = standing.key(lines.every?);
    let from = standing.key(*lines.listed.last()?);
    (step.percent == from.percent && step.at.is_positive()).then_some((from, step.at))
}

fn step_key(direction: Direction, from: LineKey, step: MinorUnits, number: i64) -> LineKey {
    let distance = MinorUnits(step.0.saturating_mul(number));
    let at = match direction {
        Direction::Falling => from.at.minus(distance),
        Direction::Rising => from.at.plus(distance),
    };
    LineKey { at, ..from }
}

/// The steps beyond the last listed line, on the scale: the first lies one distance below `top`.
struct Grid {
    from: LineKey,
    step: MinorUnits,
    direction: Direction,
    top: i128,
    distance: i128,
}

impl Grid {
    fn new(lines: &Lines, standing: &Standing, base: Option<MinorUnits>) -> Option<Self> {
        let (from, step) = steps_of(lines, standing)?;
        let direction = lines.direction;
        let top = position(direction, from, base)?;
        let distance = position(Direction::Falling, LineKey { at: step, ..from }, base)?;
        Some(Self { from, step, direction, top, distance })
    }

    fn at(&self, number: i64) -> i128 {
        self.top.saturating_sub(self.distance.saturating_mul(i128::from(number)))
    }

    fn key(&self, number: i64) -> LineKey {
        step_key(self.direction, self.from, self.step, number)
    }

    /// The number of the last step that the value is at or beyond; 0 for none.
    fn last_reached(&self, value: i128) -> i64 {
        let beyond = self.top.saturating_sub(value).checked_div_euclid(self.distance).unwrap_or(0);
        i64::try_from(beyond.max(0)).unwrap_or(i64::MAX)
    }
}
