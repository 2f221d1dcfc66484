//! The options that copies share, and how their histories run.

use onceward::{AfterCrash, Millis, Options, Positions, Revisions};

use super::random::Random;

/// What can happen in a world; each is so made that the page leaves nothing open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Claims, within a time in which nothing is forgotten.
    Claims,
    /// Keys go out of the retention, and the clocks are apart.
    Forgetting,
    /// Both; the clocks agree whenever states meet.
    Together,
    /// Claims, and readings of the clock that are not confirmed, or refuted.
    Wild,
}

/// How the copies of a world live.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) kind: Kind,
    pub(crate) options: Options,
    pub(crate) has_claims: bool,
    /// Time passes by up to so many milliseconds from call to call.
    pub(crate) pace: u64,
    /// No honest clock gets further than that from the start.
    pub(crate) span: u64,
    /// Out of a hundred readings so many are too far ahead.
    pub(crate) wild: u64,
    /// How likely it is that something is forgotten by hand.
    pub(crate) forgets: u64,
}

impl Settings {
    pub(super) fn new(random: &mut Random, kinds: &[Kind]) -> Self {
        let kind = *random.pick(kinds);
        let retention = match kind {
            Kind::Claims | Kind::Wild => {
                *random.pick(&[1_000_000, 7 * 86_400_000, 40 * 86_400_000])
            }
            Kind::Forgetting | Kind::Together => *random.pick(&[1, 10, 20, 40]),
        };
        let positions = match random.up_to(3) {
            0 => Positions::Newer,
            1 => Positions::Next { first: None },
            _ => Positions::Window(*random.pick(&[1, 3, 64, 200])),
        };
        let revisions = match random.up_to(2) {
            0 => Revisions::Next { first: None },
            _ => Revisions::Newer,
        };
        let is_apart = kind == Kind::Forgetting || kind == Kind::Claims;
        let options = Options {
            retention: Millis::new(retention),
            positions,
            revisions,
            max_skew: Millis::new(*random.pick(if is_apart { &[0, 5, 100] } else { &[0] })),
            result_retention: Millis::new(*random.pick(&[1, 15, 1_000_000])),
            max_result_bytes: *random.pick(&[0, 3, 100]),
            lease: Millis::new(*random.pick(&[1, 8, 30])),
            after_crash: *random.pick(&[AfterCrash::Retry, AfterCrash::Hold]),
            max_clock_jump: Millis::new(if kind == Kind::Wild {
                *random.pick(&[20, 60])
            } else {
                10_000_000
            }),
            ..Options::default()
        };
        Self {
            kind,
            options,
            has_claims: kind != Kind::Forgetting,
            pace: *random.pick(&[0, 3, 8]),
            span: 1_000,
            wild: if kind == Kind::Wild { 12 } else { 0 },
            forgets: random.up_to(1),
        }
    }

    pub(crate) const fn jump(&self) -> u64 {
        self.options.max_clock_jump.as_u64()
    }

    pub(super) fn lease(random: &mut Random) -> Option<Millis> {
        [None, Some(Millis::new(1)), Some(Millis::new(12)), Some(Millis::new(40))]
            [random.up_to(3) as usize]
    }
}
