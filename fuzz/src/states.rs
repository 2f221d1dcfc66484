//! What a state says of itself.

use onceward::Options;

use super::frame::{Claim, Frame};

/// Whether the horizon lies ahead of the clock.
pub fn is_horizon_ahead(state: &[u8]) -> bool {
    let [believed, _, _, horizon, ..] = Frame::read(state).expect("a frame").head.numbers;
    horizon > believed
}

/// Whether a state leaves nothing open: no reading that is not confirmed, and no claim that is older
/// than whatever is remembered.
pub fn is_settled(state: &[u8], options: &Options) -> bool {
    is_settled_at(state, options, believed(state))
}

/// As [`is_settled`], at a later time.
pub fn is_settled_at(state: &[u8], options: &Options, now: u64) -> bool {
    let frame = Frame::read(state).expect("a frame");
    let retention = options.retention.as_u64();
    let is_recent = |made: u64| made.saturating_add(retention) > now;
    let made = |claim: &Claim| claim.times[1].min(claim.token >> 20);
    frame.head.numbers[1] == 0 && frame.claims.iter().map(made).all(is_recent)
}

/// Returns the time that a state's clock believes.
pub fn believed(state: &[u8]) -> u64 {
    Frame::read(state).expect("a frame").head.numbers[0]
}
