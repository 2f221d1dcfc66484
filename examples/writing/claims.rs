//! The lines of those who claim.

use super::histories::{Resolution, Step};
use super::oracle::claiming::{Claimed, Grant};
use super::oracle::content::Content;
use super::oracle::event::Event;
use super::oracle::{Failure, Oracle, Verdict};
use super::{event, expect, field, inspection, list, object, op, quoted, with, written};

/// Makes the oracle take a step, unless more than one answer is right, and returns the line for it.
pub(crate) fn call(oracle: &mut Oracle, step: &Step) -> Option<Vec<String>> {
    match step {
        Step::Claim { event, lease, now } => claim(oracle, event, *lease, *now),
        Step::Resolve { event, how, now } => resolve(oracle, event, how, *now),
        Step::Doubts { now } => Some(doubts(oracle, *now)),
        Step::Commit { token, result, now } => {
            let mut fields = used(oracle, "commit", *token, *now)?;
            fields.extend(result.as_ref().map(|result| field("result", written(result))));
            let answer =
                oracle.commit(*token, result.as_ref(), *now, true).map(|late| match late {
                    Some(true) => quoted("late"),
                    Some(false) => quoted("committed"),
                    None => "null".to_owned(),
                });
            Some(finished(fields, answer))
        }
        Step::Release { token, now } => {
            let fields = used(oracle, "release", *token, *now)?;
            Some(finished(fields, oracle.release(*token, *now, true).map(|()| "null".to_owned())))
        }
        Step::Doubt { token, now } => {
            let fields = used(oracle, "doubt", *token, *now)?;
            Some(finished(fields, oracle.doubt(*token, *now, true).map(|()| "null".to_owned())))
        }
        Step::Extend { token, lease, now } => {
            let fields = with(used(oracle, "extend", *token, *now)?, field("lease", lease));
            let until = oracle.extend(*token, *lease, *now);
            Some(finished(fields, until.map(|until| until.to_string())))
        }
        Step::Check { .. } | Step::CheckAll { .. } | Step::Inspect { .. } | Step::Forget { .. } => {
            None
        }
    }
}

fn claim(oracle: &mut Oracle, given: &Event, lease: Option<u64>, now: u64) -> Option<Vec<String>> {
    let one = core::slice::from_ref(given);
    if !oracle.is_certain(one, now) || oracle.is_partly_claimed(given, now) {
        return None;
    }
    let answer = oracle.claim(given, lease, now, None, None).map(|claimed| match claimed {
        Claimed::Fresh(Grant { token, attempt, takeover, until }) => object(&[
            field("token", quoted(&token.to_string())),
            field("attempt", attempt),
            field("takeover", takeover),
            field("leaseUntil", until),
        ]),
        Claimed::Refused(judgement) => inspection(&judgement),
    });
    let mut fields = vec![op("claim"), field("event", event(given)), field("now", now)];
    fields.extend(lease.map(|lease| field("lease", lease)));
    Some(with(fields, expect(answer)))
}

fn resolve(oracle: &mut Oracle, given: &Event, how: &Resolution, now: u64) -> Option<Vec<String>> {
    if oracle.is_partly_claimed(given, now) {
        return None;
    }
    let (name, committed): (&str, Option<Option<&Content>>) = match how {
        Resolution::Committed(result) => ("committed", Some(result.as_ref())),
        Resolution::Released => ("released", None),
    };
    let mut fields = vec![op("resolve"), field("event", event(given)), field("now", now)];
    fields.push(field("as", quoted(name)));
    fields.extend(committed.flatten().map(|result| field("result", written(result))));
    let answer = oracle.resolve(given, committed, now, true).map(|()| "null".to_owned());
    Some(with(fields, expect(answer)))
}

fn doubts(oracle: &Oracle, now: u64) -> Vec<String> {
    let doubts: Vec<String> = oracle
        .doubts(now)
        .iter()
        .map(|(token, attempt, since)| {
            let token = field("token", quoted(&token.to_string()));
            object(&[token, field("attempt", attempt), field("since", since)])
        })
        .collect();
    vec![op("doubts"), field("now", now), field("expect", list(&doubts))]
}

/// Returns what is written of the use of a claim, unless it is left open what becomes of it.
fn used(oracle: &Oracle, name: &str, token: u64, now: u64) -> Option<Vec<String>> {
    if oracle.is_open(token, now) {
        return None;
    }
    let token_field = field("token", quoted(&token.to_string()));
    let mut fields = vec![op(name), token_field, field("now", now)];
    // What is told of the winner if it is lost, where someone has won for certain.
    if let [Ok(judgement)] = oracle.refusal(token, now).as_slice()
        && judgement.verdict != Verdict::Fresh
    {
        fields.push(field("refusal", inspection(judgement)));
    }
    Some(fields)
}

fn finished(fields: Vec<String>, answer: Result<String, Failure>) -> Vec<String> {
    with(fields, expect(answer))
}
