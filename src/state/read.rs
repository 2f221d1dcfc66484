//! Reading what is longer than a few fields: commits and claims. Every field is checked.

use core::ops::Range;

use super::frame::is_time;
use super::write::flags;
use crate::answers::StoredCommit;
use crate::claims::{Held, Locks, Record};
use crate::codec::Reader;
use crate::content::Content;
use crate::event::Place;
use crate::fingerprint::{Fingerprint, Print};
use crate::gate::Gate;

/// The longest lease.
const LEASE_MAX_MS: u64 = crate::keys::RETENTION_MAX.as_u64();

/// Ages are times, or in coarse ticks up to one tick above.
pub(super) const fn is_age(age: u64) -> bool {
    is_time(age.saturating_sub(1_000))
}

/// Takes the next record off a section, and returns a reader of it.
pub(super) fn record<'b>(bytes: &'b [u8], section: &mut Range<usize>, size: usize) -> Reader<'b> {
    let next = section.start.saturating_add(size).min(section.end);
    let record = core::mem::replace(&mut section.start, next)..next;
    Reader::new(bytes.get(record).unwrap_or_default())
}

/// Returns the key to which the next record of a section belongs.
pub(super) fn next_index(bytes: &[u8], section: &Range<usize>) -> Option<u32> {
    Reader::new(bytes.get(section.clone())?).u32()
}

/// Reads the commit of a key.
pub(super) fn commit<'b>(
    reader: &mut Reader<'b>,
    print: Print,
    gate: &Gate,
) -> Option<StoredCommit<'b>> {
    let fingerprint = Fingerprint { high: print.high, low: reader.u64()? };
    let (token, stamp, given) = (reader.u64()?, reader.u64()?, reader.u8()?);
    let has = |flag| given & flag != 0;
    let digest = reader.only_if(has(flags::DIGEST), Reader::digest)?;
    let answer = reader.only_if(has(flags::ANSWER), Reader::long)?;
    let answer = answer.map(|bytes| (has(flags::JSON), bytes));
    let is_whole = answer.is_none_or(|(is_json, bytes)| {
        let content = if is_json { Content::canonical(bytes) } else { Content::bytes(bytes) };
        let is_text = !is_json || core::str::from_utf8(bytes).is_ok();
        is_text && digest == Some(gate.fingerprinter.digest(&content))
    });
    let is_known = given & !(flags::DIGEST | flags::ANSWER | flags::JSON) == 0
        && (answer.is_some() || !has(flags::JSON));
    let is_sound = is_whole && is_known && is_time(stamp) && fingerprint.print() == print;
    is_sound.then_some(StoredCommit { token, fingerprint, stamp, digest, answer })
}

/// Reads a claim.
pub(super) fn claim(reader: &mut Reader<'_>, gate: &Gate) -> Option<Record> {
    let fingerprint = Fingerprint { high: reader.u64()?, low: reader.u64()? };
    let (token, attempt, edits) = (reader.u64()?, reader.u32()?, reader.u32()?);
    let (given, held) = (reader.u8()?, Held(reader.u8()?));
    let time = reader.maybe()?;
    let (stamp, lease_from) = (reader.u64()?, reader.u64()?);
    let (lease_until, lease_least) = (reader.u64()?, reader.u64()?);
    let doubt = reader.maybe()?;
    let has = |flag| given & flag != 0;
    let content = reader.only_if(has(flags::CONTENT), Reader::digest)?;
    let key = has(flags::KEY).then(|| fingerprint.print());
    let revision = |reader: &mut Reader<'_>| Some((reader.name()?, reader.ordinal()?.0));
    let revision = reader.only_if(has(flags::REVISION), revision)?;
    let place = reader.only_if(has(flags::PLACE), place)?;
    let named = key
        .or(revision.as_ref().map(|(entity, _)| *entity))
        .or(place.as_ref().map(|place| place.source));
    let reserved = place.as_ref().map_or(0, |place| gate.sources.reserve_for(place));
    let place = place.map(|place| {
        let lock = gate.lock_of(&place);
        (place, lock)
    });
    let locks = Locks { key, revision, place };
    let times = [Some(stamp), Some(lease_from), time, doubt];
    // A lease may end later than any time there is, but not by more than the longest lease.
    let leases = [lease_until, lease_least].map(|until| until.saturating_sub(LEASE_MAX_MS));
    let is_sound = named == Some(fingerprint.print())
        && given & !(flags::KEY | flags::REVISION | flags::PLACE | flags::CONTENT) == 0
        && held != Held::NONE
        && held.without(locks.all()) == Held::NONE
        && times.into_iter().flatten().chain(leases).all(is_time);
    if !is_sound {
        return None;
    }
    let end = locks.end(&gate.fingerprinter, token, content, time);
    Some(Record {
        token,
        attempt,
        edits,
        fingerprint,
        locks,
        content,
        time,
        stamp,
        lease_from,
        lease_until,
        lease_least,
        doubt,
        held,
        end,
        stage: None,
        reserved,
    })
}

fn place(reader: &mut Reader<'_>) -> Option<Place> {
    let source = reader.name()?;
    Some(Place { source, epoch: reader.ordinal()?.0, position: reader.ordinal()?.0 })
}
