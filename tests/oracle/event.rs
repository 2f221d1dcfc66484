//! An event as a producer writes it, and what is left of it once it has been validated.

use super::content::Content;
use super::number::Number;
use super::options::Options;

/// An event, right or wrong: ordinals are still text, and every part may be missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Event {
    pub(crate) scope: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) entity: Option<String>,
    pub(crate) revision: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) epoch: Option<String>,
    pub(crate) position: Option<String>,
    pub(crate) content: Option<Content>,
    pub(crate) time: Option<i64>,
}

/// A scope and a name in it.
pub(crate) type Name = (String, String);

/// A valid event.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) key: Option<Name>,
    pub(crate) revision: Option<(Name, Number)>,
    pub(crate) position: Option<(Name, Number, Number)>,
    pub(crate) content: Option<String>,
    pub(crate) time: Option<u64>,
}

impl Event {
    /// Returns the facts, or nothing where the event is invalid at a reading of `now`.
    pub(crate) fn facts(&self, options: &Options, now: u64) -> Option<Facts> {
        let scope = self.scope.clone().unwrap_or_default();
        let named = |name: &String| (!name.is_empty()).then(|| (scope.clone(), name.clone()));
        let key = match &self.id {
            Some(id) => Some(named(id)?),
            None => None,
        };
        let revision = match (&self.entity, &self.revision) {
            (Some(entity), Some(revision)) => Some((named(entity)?, Number::ordinal(revision)?)),
            (None, None) => None,
            _ => return None,
        };
        let position = match (&self.source, &self.position, &self.epoch) {
            (Some(source), Some(position), epoch) => {
                let epoch = Number::ordinal(epoch.as_deref().unwrap_or("0"))?;
                Some((named(source)?, epoch, Number::ordinal(position)?))
            }
            (None, None, None) => None,
            _ => return None,
        };
        if key.is_none() && revision.is_none() && position.is_none() {
            return None;
        }
        let content = match &self.content {
            Some(content) => Some(content.text()?),
            None => None,
        };
        let time = self.time_at(options, now)?;
        Some(Facts { key, revision, position, content, time })
    }

    /// Returns the event's time, which may be absent, or nothing where it is invalid.
    #[expect(clippy::option_option, reason = "an absent time is not an invalid one")]
    fn time_at(&self, options: &Options, now: u64) -> Option<Option<u64>> {
        let time = match (self.time, &self.id) {
            (Some(time), _) => Some(u64::try_from(time).ok()?),
            (None, Some(id)) if options.time_from_id => {
                time_of_uuid7(id).or_else(|| time_of_ulid(id))
            }
            (None, _) => None,
        };
        (time.unwrap_or(0) <= now + options.max_skew).then_some(time)
    }
}

/// Returns the milliseconds in a version 7 UUID (RFC 9562, 5.7).
fn time_of_uuid7(id: &str) -> Option<u64> {
    let parts: Vec<&str> = id.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let hex = parts.concat();
    let well_formed =
        lengths == [8, 4, 4, 4, 12] && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    let variant = hex.get(16..17)?.to_lowercase();
    if !well_formed || hex.get(12..13)? != "7" || !["8", "9", "a", "b"].contains(&variant.as_str())
    {
        return None;
    }
    u64::from_str_radix(hex.get(..12)?, 16).ok()
}

/// Returns the milliseconds in a ULID: the first ten of its 26 digits to the base 32.
fn time_of_ulid(id: &str) -> Option<u64> {
    let upper = id.to_uppercase();
    let digits: Vec<usize> = upper
        .chars()
        .map(|digit| "0123456789ABCDEFGHJKMNPQRSTVWXYZ".find(digit))
        .collect::<Option<_>>()?;
    // 26 digits hold 130 bits, two more than a ULID has, so the first digit ends at 7.
    if digits.len() != 26 || digits.first() > Some(&7) {
        return None;
    }
    Some(digits.iter().take(10).fold(0, |time, digit| time * 32 + *digit as u64))
}
