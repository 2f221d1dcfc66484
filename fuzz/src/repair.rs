//! Checks put right, so that what is behind them is reached while they are on.

use core::hash::Hasher as _;

use siphasher::sip128::{Hasher128 as _, SipHasher13};

use super::frame::{CHECKSUM_BYTES, Claim, Frame, Number, PRELUDE_BYTES, Print};
use super::settings::{SECRET, carries_secret};

type Key = [u8; 16];

fn sip(key: &Key, parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = SipHasher13::new_with_key(key);
    for part in parts {
        hasher.write(part);
    }
    hasher.finish128().as_bytes()
}

fn word(kind: u64, bytes: &[u8]) -> [u8; 8] {
    ((bytes.len() as u64) << 8 | kind).to_le_bytes()
}

/// Returns the secret that was given, condensed.
pub fn given_key() -> Key {
    sip(b"onceward secret\0", &[SECRET])
}

/// Puts the checks of a frame right: its magic, the prelude, the tag, and the checksum.
pub fn frame(bytes: &mut [u8]) {
    let carried =
        if carries_secret(bytes) { bytes.get(PRELUDE_BYTES..PRELUDE_BYTES + 16) } else { None };
    let key = carried.map_or_else(given_key, |carried| carried.try_into().unwrap());
    if bytes.len() < PRELUDE_BYTES + CHECKSUM_BYTES {
        return;
    }
    bytes[..4].copy_from_slice(b"ONWD");
    bytes[8..16].copy_from_slice(&sip(&key, &[&word(8, b"tag"), b"tag"])[..8]);
    let check = sip(b"onceward prelude", &[&bytes[..16]]);
    bytes[16..24].copy_from_slice(&check[..8]);
    let (all, checksum) = bytes.split_at_mut(bytes.len() - CHECKSUM_BYTES);
    checksum.copy_from_slice(&sip(&key, &[&word(8, b""), all]));
}

/// Puts the records of a frame right where that takes the secret: results and their digests, names in
/// reports, and the order in which everything comes.
pub fn records(frame: &mut Frame) {
    let key = frame.secret.unwrap_or_else(given_key);
    for record in &mut frame.keys {
        let print = record.print;
        if let Some(commit) = &mut record.commit {
            let bit = commit.second >> 32 & 1;
            commit.second = commit.second & 0xffff_ffff | (u64::from(print.low) | bit) << 32;
            if commit.flags & 2 != 0 {
                let kind = if commit.flags & 4 != 0 { 5 } else { 4 };
                commit.digest = sip(&key, &[&word(kind, &commit.answer), &commit.answer]);
            }
        }
    }
    frame.keys.sort_by_key(|key| key.print);
    frame.keys.dedup_by_key(|key| key.print);
    frame.entities.sort_by_key(|entity| entity.print);
    frame.entities.dedup_by_key(|entity| entity.print);
    frame.sources.sort_by_key(|source| source.print);
    frame.sources.dedup_by_key(|source| source.print);
    frame.claims.iter_mut().for_each(name);
    frame.claims.sort_by_cached_key(|claim| end(&key, claim));
    frame.claims.dedup_by_key(|claim| end(&key, claim));
}

/// Names a claim after what it is on.
fn name(claim: &mut Claim) {
    let print = match claim.on & 7 {
        2 | 6 => claim.revision.0,
        4 => claim.place.0,
        _ => return,
    };
    let bit = claim.name[1] >> 32 & 1;
    claim.name = [print.high, claim.name[1] & 0xffff_ffff | (u64::from(print.low) | bit) << 32];
}

/// Returns the print under which the end of a claim is known.
pub fn end(key: &Key, claim: &Claim) -> Print {
    let mut message = Vec::new();
    message.extend_from_slice(&word(7, &claim.token.to_le_bytes()));
    message.extend_from_slice(&claim.token.to_le_bytes());
    let has = |flag: u8| claim.on & flag != 0;
    let of =
        |flag, print: Print| if has(flag) { [1, print.high, u64::from(print.low)] } else { [0; 3] };
    let key_print = Print { high: claim.name[0], low: (claim.name[1] >> 32) as u32 & !1 };
    let [low, high] =
        [0, 8].map(|at| u64::from_le_bytes(claim.content[at..at + 8].try_into().unwrap()));
    let triples = [
        of(1, key_print),
        of(2, claim.revision.0),
        of(4, claim.place.0),
        if has(8) { [1, low, high] } else { [0; 3] },
        claim.times[0].checked_sub(1).map_or([0; 3], |time| [1, time, 0]),
    ];
    for word in triples.as_flattened() {
        message.extend_from_slice(&word.to_le_bytes());
    }
    for (flag, number) in [(2, &claim.revision.1), (4, &claim.place.1), (4, &claim.place.2)] {
        let digits = if has(flag) { digits(number) } else { String::new() };
        message.extend_from_slice(&word(7, digits.as_bytes()));
        message.extend_from_slice(digits.as_bytes());
    }
    let hash = sip(key, &[&message]);
    let high = u64::from_le_bytes(hash[..8].try_into().unwrap());
    Print { high, low: u32::from_le_bytes(hash[12..].try_into().unwrap()) | 1 }
}

/// Returns the decimal digits of a number.
fn digits(number: &Number) -> String {
    let mut digits = vec![0_u8];
    for byte in number.bytes.iter().rev() {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            carry += u32::from(*digit) * 256;
            *digit = (carry % 10) as u8;
            carry /= 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
    }
    digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect()
}

/// Puts the records of a journal right, one after the other as their lengths say, but for one of them.
pub fn journal(snapshot: &[u8], generation: u64, bytes: &mut [u8], but: usize) {
    let end = &snapshot[snapshot.len().saturating_sub(64)..];
    let length = (snapshot.len() as u64).to_le_bytes();
    let seed = sip(b"onceward journal", &[&generation.to_le_bytes(), &length, end]);
    let (mut chain, mut rest, mut index) = (seed, bytes, 0_usize);
    while rest.len() >= 48 {
        let room = rest.len() - 48;
        let length = u32::from_le_bytes(rest[4..8].try_into().unwrap()) as usize % (room + 1);
        let (record, behind) = rest.split_at_mut(length + 48);
        if index != but {
            record[..4].copy_from_slice(b"OWJR");
            record[4..8].copy_from_slice(&(length as u32).to_le_bytes());
            record[8..16].copy_from_slice(&generation.to_le_bytes());
            record[16..24].copy_from_slice(&(index as u64).to_le_bytes());
            let own = sip(&seed, &[&record[..24]]);
            record[24..28].copy_from_slice(&own[..4]);
            let any = sip(b"onceward header\0", &[&record[..28]]);
            record[28..32].copy_from_slice(&any[..4]);
        }
        chain = sip(&chain, &[&record[..length + 32]]);
        if index != but {
            record[length + 32..].copy_from_slice(&chain);
        }
        (rest, index) = (behind, index + 1);
    }
}
