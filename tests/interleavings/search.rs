//! The search itself: breadth first, so that what it finds is as short as can be.
//!
//! Two paths that lead to the same state are followed as one. A state is what the promises, the
//! workers and a world that is known to be right make of the path, up to names that do not matter:
//! which worker is which, how far a token lies above the one before it, and what time it is.

use std::collections::{BTreeMap, BTreeSet};

use super::monitor::{Monitor, Ticket};
use super::tiny::Tiny;
use super::{KEYS, Setting, Step, Told, View, WORKERS, World};

/// How far the search goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Depth {
    /// Up to so many steps, no two paths are taken for the same.
    pub(crate) full: usize,
    /// Up to so many steps, paths to the same state are followed as one.
    pub(crate) merged: usize,
}

/// What a search has seen.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) paths: u64,
    pub(crate) states: usize,
    /// How often each step was given each answer.
    pub(crate) answers: BTreeMap<String, u64>,
}

/// A path that leads to a broken promise.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) broken: String,
    pub(crate) trace: Vec<String>,
}

/// Where a path leads.
#[derive(Clone)]
struct Node {
    path: Vec<(Step, u64)>,
    monitor: Monitor,
    model: Tiny,
}

/// A search through the worlds that `open` begins.
pub(crate) struct Search<'a, W> {
    pub(crate) setting: Setting,
    pub(crate) open: &'a dyn Fn(Setting) -> W,
    /// Whether every answer must be that of the tiny world as well.
    pub(crate) compares: bool,
}

impl<W: World> Search<'_, W> {
    /// Looks for a broken promise.
    pub(crate) fn run(&self, depth: Depth) -> Result<Tally, Found> {
        let mut tally = Tally::default();
        let mut known: BTreeSet<Vec<u8>> = BTreeSet::new();
        let (monitor, model) = (Monitor::new(self.setting), Tiny::new(self.setting, None));
        let mut nodes = vec![Node { path: Vec::new(), monitor, model }];
        for length in 1..=depth.full.max(depth.merged) {
            let mut next = Vec::new();
            for node in &nodes {
                for step in node.monitor.steps() {
                    let node = self.step(node, step, &mut tally)?;
                    let is_new = known.insert(encoded(&node));
                    if is_new || length < depth.full {
                        next.push(node);
                    }
                }
            }
            nodes = next;
        }
        tally.states = known.len();
        Ok(tally)
    }

    /// Takes one more step on a path, from its start, since a world cannot be copied.
    fn step(&self, node: &Node, step: Step, tally: &mut Tally) -> Result<Node, Found> {
        let mut world = (self.open)(self.setting);
        for (step, now) in &node.path {
            world.take(*step, *now);
        }
        let mut node = node.clone();
        let now = node.monitor.time_of(step);
        let before = world.view(now);
        let told = world.take(step, now);
        let after = world.view(now);
        let expected = node.model.take(step, now);
        node.path.push((step, now));
        tally.paths += 1;
        *tally.answers.entry(named(step, &told)).or_default() += 1;
        let mut outcome = node.monitor.note(step, &told, &before, &after);
        if outcome.is_ok() && self.compares {
            outcome = compared(&told, &expected)
                .and_then(|()| compared_views(&after, &node.model.view(now)));
        }
        outcome.map_err(|broken| Found { broken, trace: self.trace(&node.path) })?;
        Ok(node)
    }

    fn trace(&self, path: &[(Step, u64)]) -> Vec<String> {
        let mut world = (self.open)(self.setting);
        let line = |(step, now): &(Step, u64)| {
            let told = world.take(*step, *now);
            format!(
                "at {}: {step:?} is told {told:?}; then {:?}",
                now - super::OPENED,
                world.view(*now)
            )
        };
        path.iter().map(line).collect()
    }
}

/// Names a step and its answer without what differs from time to time.
fn named(step: Step, told: &Told) -> String {
    let step = format!("{step:?}");
    let step = step.split(' ').next().unwrap_or_default();
    let answer = match told {
        Told::Granted { takeover, attempt, .. } => {
            let again = if *attempt > 1 { "again" } else { "first" };
            format!("granted {again}{}", if *takeover { ", taking over" } else { "" })
        }
        Told::Refused(seen) => seen.verdict.to_owned(),
        Told::Verdict(verdict) => (*verdict).to_owned(),
        Told::Committed { late: true } => "late".to_owned(),
        Told::Committed { late: false } | Told::Done | Told::Extended { .. } => "done".to_owned(),
        Told::Lost(_) => "lost".to_owned(),
        Told::Failed(code) => (*code).to_owned(),
    };
    format!("{step}: {answer}")
}

/// Compares an answer with that of the tiny world.
fn compared(told: &Told, expected: &Told) -> Result<(), String> {
    let agrees = match (told, expected) {
        // What is told beside a claim that is lost matters where someone else has won.
        (Told::Lost(Some(told)), Told::Lost(Some(expected))) => {
            expected.verdict == "fresh" || told == expected
        }
        // The monitor knows when a commit is late.
        (Told::Committed { .. }, Told::Committed { .. }) | (Told::Lost(_), Told::Lost(_)) => true,
        _ => told == expected,
    };
    if agrees { Ok(()) } else { Err(format!("told {told:?} instead of {expected:?}")) }
}

fn compared_views(found: &View, expected: &View) -> Result<(), String> {
    if found.keys != expected.keys {
        return Err(format!("looks like {:?} instead of {:?}", found.keys, expected.keys));
    }
    let sorted = |view: &View| {
        let mut doubts = view.doubts.clone();
        doubts.sort_unstable();
        doubts
    };
    let (found, expected) = (sorted(found), sorted(expected));
    if found != expected {
        return Err(format!("the doubts are {found:?} instead of {expected:?}"));
    }
    Ok(())
}

/// Writes a state down, the same for all states that differ in names only.
fn encoded(node: &Node) -> Vec<u8> {
    const ORDERS: [[usize; WORKERS]; 6] =
        [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let mut tokens: Vec<u64> = Vec::with_capacity(8);
    let Monitor { workers, orphans, .. } = &node.monitor;
    tokens.extend(workers.iter().flatten().chain(orphans).map(|ticket| ticket.token));
    tokens.extend(node.model.claims.iter().flatten().map(|claim| claim.token));
    tokens.extend(node.model.accepted.iter().flatten().map(|accepted| accepted.token));
    tokens.sort_unstable();
    tokens.dedup();
    let orders = ORDERS.iter().map(|order| encoded_in(node, *order, &tokens));
    orders.min().expect("there are several orders")
}

/// Writes a state down with its workers in one order.
fn encoded_in(node: &Node, order: [usize; WORKERS], tokens: &[u64]) -> Vec<u8> {
    let Node { monitor, model, .. } = node;
    let rank = |token: u64| tokens.partition_point(|it| *it < token) as u8;
    let place = |worker: u8| order.iter().position(|it| *it == usize::from(worker));
    // Results are named after the workers who commit them.
    let named = |result: u8| match result {
        0..3 => place(result).unwrap_or_default() as u8,
        3..6 => place(result - 3).unwrap_or_default() as u8 + 3,
        other => other,
    };
    let left = |end: u64| (end.saturating_sub(monitor.now) / 100) as u8;
    let ticket = |bytes: &mut Vec<u8>, ticket: &Ticket| {
        let Ticket { key, token, end, acted, doubted, committed, ended, told } = *ticket;
        let flags = [acted, doubted, ended, told].map(u8::from);
        let flags = flags.iter().fold(0, |all, flag| all * 2 + flag);
        // The lease of a claim that has ended matters no more.
        let left = if ended { 0 } else { left(end) };
        bytes.extend([key as u8, rank(token), left, flags, committed.map_or(99, named)]);
    };
    let mut bytes = Vec::with_capacity(64);
    for worker in order {
        match &monitor.workers[worker] {
            Some(it) => ticket(&mut bytes, it),
            None => bytes.push(255),
        }
    }
    bytes.push(254);
    monitor.orphans.iter().for_each(|it| ticket(&mut bytes, it));
    bytes.push(253);
    for key in 0..KEYS {
        bytes.push(monitor.budgets[key] as u8);
        bytes.push(monitor.results[key].map_or(98, |result| result.map_or(99, named)));
        match &model.claims[key] {
            Some(it) => {
                let flags = u8::from(it.doubted.is_some()) * 2 + u8::from(it.lost);
                bytes.extend([rank(it.token), left(it.end), it.attempt as u8, flags]);
            }
            None => bytes.push(252),
        }
        let accepted = model.accepted[key].map(|it| (rank(it.token), it.result.map_or(99, named)));
        bytes.extend(accepted.map_or([251, 251], |(token, result)| [token, result]));
        bytes.push(u8::from(model.settled[key]));
    }
    bytes.push(model.revision);
    bytes
}
