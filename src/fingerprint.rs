//! 128-bit keyed fingerprints of length-prefixed parts: what is remembered instead of names.

use core::fmt;
use core::hash::Hasher as _;

use siphasher::sip128::{Hasher128 as _, SipHasher13};

use crate::content::Content;
use crate::error::Error;
use crate::ordinal::Ordinal;

/// The secret that keys a gate's fingerprints.
///
/// Whoever does not know it cannot prepare names that collide. Copies of a gate that are to be
/// merged share it.
#[derive(Clone)]
pub struct Secret {
    key: [u8; 16],
    /// Whether snapshots carry it.
    is_carried: bool,
}

impl Secret {
    /// Takes secret bytes that their owner keeps: snapshots do not carry them, so that a gate can
    /// only be opened from one with the same secret.
    ///
    /// # Errors
    /// `invalid_option` when there are none.
    pub fn new(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.is_empty() {
            return Err(Error::option("the secret is empty"));
        }
        // Every secret is condensed the same way, so that its length is of no consequence.
        let mut hasher = SipHasher13::new_with_key(b"onceward secret\0");
        hasher.write(bytes);
        Ok(Self { key: hasher.finish128().as_bytes(), is_carried: false })
    }

    /// Takes bytes that were drawn at random, 16 or more of them, and that nobody else keeps:
    /// snapshots carry the secret, and whoever reads one knows it.
    ///
    /// # Errors
    /// `invalid_option` when there are none.
    pub fn drawn(bytes: &[u8]) -> Result<Self, Error> {
        Ok(Self { is_carried: true, ..Self::new(bytes)? })
    }

    /// Returns the secret if state carries it.
    pub(crate) fn carried(&self) -> Option<&[u8; 16]> {
        self.is_carried.then_some(&self.key)
    }

    /// Takes a secret back out of state.
    pub(crate) const fn from_carried(key: [u8; 16]) -> Self {
        Self { key, is_carried: true }
    }

    /// Whether it is the same, wherever it is kept.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// How an identity is named in reports: 128 bits, keyed with the gate's secret.
///
/// Prints as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint {
    pub(crate) high: u64,
    pub(crate) low: u64,
}

impl Fingerprint {
    /// Returns the bits by which tables know it: 95, and a last one that says it is a name.
    pub(crate) const fn print(self) -> Print {
        Print { high: self.high, low: (self.low >> 32) as u32 & !Print::END }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.high, self.low)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// The leading 95 bits of a fingerprint, and one that tells names from the ends of claims.
///
/// Among a million names the chance of a false match is 3 · 10^−23 for each look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Print {
    pub(crate) high: u64,
    pub(crate) low: u32,
}

impl Print {
    /// Marks a vacant slot; greater than every print of a name.
    pub(crate) const VACANT: Self = Self { high: u64::MAX, low: u32::MAX };

    /// The last bit: set in what stands for the end of a claim, and clear in every name.
    const END: u32 = 1;

    /// Whether it stands for the end of a claim.
    pub(crate) const fn is_end(self) -> bool {
        self.low & Self::END != 0
    }

    pub(crate) const fn is_vacant(self) -> bool {
        self.high == u64::MAX && self.low == u32::MAX
    }
}

/// A keyed 128-bit digest of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Digest(pub(crate) [u64; 2]);

/// What a fingerprint names; the kinds never collide, whatever their parts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Key = 1,
    Entity = 2,
    Source = 3,
    Bytes = 4,
    Json = 5,
    Place = 6,
    End = 7,
    State = 8,
}

/// Makes fingerprints and digests with one secret.
#[derive(Clone, Debug)]
pub(crate) struct Fingerprinter {
    secret: Secret,
}

/// A scope that is hashed already, for many names in it.
#[derive(Clone)]
pub(crate) struct Scoped(SipHasher13);

impl fmt::Debug for Scoped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The state of the hasher would tell the secret.
        f.write_str("Scoped(…)")
    }
}

impl Fingerprinter {
    pub(crate) fn new(secret: Secret) -> Self {
        Self { secret }
    }

    pub(crate) const fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Starts a checksum of state.
    pub(crate) fn checksum(&self) -> SipHasher13 {
        let mut hasher = SipHasher13::new_with_key(&self.secret.key);
        write_part(&mut hasher, Kind::State, b"");
        hasher
    }

    /// Returns what tells this secret from another one, and nothing else of it.
    pub(crate) fn tag(&self) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.secret.key);
        write_part(&mut hasher, Kind::State, b"tag");
        hasher.finish128().h1
    }

    /// Names the end of a claim: by its token, and by all that it was claimed for, since copies may
    /// issue equal tokens.
    pub(crate) fn end(&self, token: u64, words: &[u64], ordinals: [Option<&Ordinal>; 3]) -> Print {
        let mut hasher = SipHasher13::new_with_key(&self.secret.key);
        write_part(&mut hasher, Kind::End, &token.to_le_bytes());
        for word in words {
            hasher.write(&word.to_le_bytes());
        }
        for ordinal in ordinals {
            let digits = ordinal.map(Ordinal::digits).unwrap_or_default();
            write_part(&mut hasher, Kind::End, digits.as_bytes());
        }
        let hash = hasher.finish128();
        let print = Fingerprint { high: hash.h1, low: hash.h2 }.print();
        let low = print.low | Print::END;
        // The greatest value marks vacant slots.
        let is_vacant = Print { low, ..print }.is_vacant();
        Print { high: print.high, low: if is_vacant { Print::END } else { low } }
    }

    /// Starts with a scope: a word of kind and length, then the scope's bytes.
    pub(crate) fn scoped(&self, kind: Kind, scope: &[u8]) -> Scoped {
        let mut hasher = SipHasher13::new_with_key(&self.secret.key);
        write_part(&mut hasher, kind, scope);
        Scoped(hasher)
    }

    pub(crate) fn fingerprint(&self, kind: Kind, scope: &str, name: &str) -> Fingerprint {
        self.scoped(kind, scope.as_bytes()).finish(name.as_bytes())
    }

    /// Names one position of a source, to be locked apart from the others.
    pub(crate) fn place(&self, source: Print, epoch: &Ordinal, position: &Ordinal) -> Print {
        let mut hasher = SipHasher13::new_with_key(&self.secret.key);
        write_part(&mut hasher, Kind::Place, &source.high.to_le_bytes());
        hasher.write(&source.low.to_le_bytes());
        for ordinal in [epoch, position] {
            let digits = ordinal.digits();
            write_part(&mut hasher, Kind::Place, digits.as_bytes());
        }
        let hash = hasher.finish128();
        Fingerprint { high: hash.h1, low: hash.h2 }.print()
    }

    pub(crate) fn digest(&self, content: &Content<'_>) -> Digest {
        let kind = if content.is_json() { Kind::Json } else { Kind::Bytes };
        let mut hasher = SipHasher13::new_with_key(&self.secret.key);
        write_part(&mut hasher, kind, content.as_bytes());
        let hash = hasher.finish128();
        Digest([hash.h1, hash.h2])
    }
}

impl Scoped {
    /// Names one of many in the scope.
    #[inline]
    pub(crate) fn print(&self, name: &[u8]) -> Result<Print, Error> {
        if name.is_empty() {
            return Err(Error::event("a name is empty"));
        }
        Ok(self.clone().finish(name).print())
    }

    #[inline]
    fn finish(mut self, name: &[u8]) -> Fingerprint {
        self.0.write(name);
        let hash = self.0.finish128();
        Fingerprint { high: hash.h1, low: hash.h2 }
    }
}

/// The kind and the length lead, so that no two lists of parts have the same bytes. The last part
/// needs no length: SipHash takes that of the whole message in.
fn write_part(hasher: &mut SipHasher13, kind: Kind, bytes: &[u8]) {
    // A length of 2^56 bytes is out of reach of any machine.
    let word = (bytes.len() as u64) << 8 | kind as u64;
    hasher.write(&word.to_le_bytes());
    hasher.write(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn fingerprinter(secret: &str) -> Fingerprinter {
        Fingerprinter::new(Secret::new(secret.as_bytes()).unwrap())
    }

    #[test]
    fn parts_kinds_and_secrets_do_not_run_into_each_other() {
        let f = fingerprinter("a");
        let of = |kind, scope, name| f.fingerprint(kind, scope, name);
        let all = [
            of(Kind::Key, "a:b", "c"),
            of(Kind::Key, "a", "b:c"),
            of(Kind::Key, "a:b:c", ""),
            of(Kind::Key, "", "a:b:c"),
            of(Kind::Entity, "a:b", "c"),
            of(Kind::Source, "a:b", "c"),
            fingerprinter("b").fingerprint(Kind::Key, "a:b", "c"),
        ];
        for (i, a) in all.iter().enumerate() {
            for (j, b) in all.iter().enumerate() {
                assert_eq!(a == b, i == j, "{i} {j}");
            }
        }
        assert_eq!(all[0], of(Kind::Key, "a:b", "c"));
        assert_eq!(all[0].to_string().len(), 32);
    }

    #[test]
    fn a_secret_is_never_empty_and_never_printed() {
        assert_eq!(Secret::new(b"").unwrap_err().code().as_str(), "invalid_option");
        assert_eq!(alloc::format!("{:?}", Secret::new(b"hush").unwrap()), "Secret(…)");
    }
}
