//! The one error type and its stable codes: the only place where codes are spelled.

use alloc::boxed::Box;
use core::fmt;

use crate::verdict::Inspection;

/// What kind of mistake an [`Error`] reports; stable, and spelled the same in every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The event is malformed: an empty name, half an identity, a number that is not an ordinal.
    InvalidEvent,
    /// An option or a reading of the clock is out of its range.
    InvalidOption,
    /// The memory limit is reached and nothing that is left may be forgotten.
    Capacity,
    /// The gate was closed.
    Closed,
    /// Bytes that were to be read are damaged.
    Corrupt,
    /// Bytes were written by a newer version.
    UnsupportedVersion,
    /// Bytes were written under another secret.
    WrongSecret,
    /// The claim is no longer current: it lapsed and was taken over, or has ended.
    LostClaim,
    /// There is no doubt to resolve.
    NotInDoubt,
    /// The revision is further ahead of the last one than `max_jump` allows.
    Jump,
    /// The store failed.
    Store,
    /// Another writer took over the store.
    Fenced,
    /// A defect of this library; the gate must be rebuilt.
    Internal,
}

impl ErrorCode {
    /// Every code, in the order of the documentation.
    pub const ALL: [Self; 13] = [
        Self::InvalidEvent,
        Self::InvalidOption,
        Self::Capacity,
        Self::Closed,
        Self::Corrupt,
        Self::UnsupportedVersion,
        Self::WrongSecret,
        Self::LostClaim,
        Self::NotInDoubt,
        Self::Jump,
        Self::Store,
        Self::Fenced,
        Self::Internal,
    ];

    /// Returns the code as it is spelled in JavaScript, in HTTP problems and in the documentation.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidEvent => "invalid_event",
            Self::InvalidOption => "invalid_option",
            Self::Capacity => "capacity",
            Self::Closed => "closed",
            Self::Corrupt => "corrupt",
            Self::UnsupportedVersion => "unsupported_version",
            Self::WrongSecret => "wrong_secret",
            Self::LostClaim => "lost_claim",
            Self::NotInDoubt => "not_in_doubt",
            Self::Jump => "jump",
            Self::Store => "store",
            Self::Fenced => "fenced",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Bad input, or a limit that was reached; whatever it is, nothing was changed.
///
/// Messages name the field and the limit. They never repeat an id, an entity or any content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    code: ErrorCode,
    reason: &'static str,
    index: Option<usize>,
    refusal: Option<Box<Inspection>>,
}

impl Error {
    pub(crate) const fn new(code: ErrorCode, reason: &'static str) -> Self {
        Self { code, reason, index: None, refusal: None }
    }

    pub(crate) const fn event(reason: &'static str) -> Self {
        Self::new(ErrorCode::InvalidEvent, reason)
    }

    pub(crate) const fn option(reason: &'static str) -> Self {
        Self::new(ErrorCode::InvalidOption, reason)
    }

    pub(crate) const fn capacity() -> Self {
        Self::new(ErrorCode::Capacity, "the memory limit is reached and nothing may be forgotten")
    }

    pub(crate) const fn corrupt(reason: &'static str) -> Self {
        Self::new(ErrorCode::Corrupt, reason)
    }

    /// Something that another has claimed, and what is said of it.
    pub(crate) fn claimed(refusal: Inspection) -> Self {
        let error = Self::new(ErrorCode::LostClaim, "the entity is claimed by another");
        Self { refusal: Some(Box::new(refusal)), ..error }
    }

    /// A claim that is no longer current, and what is said of its event now.
    pub(crate) fn lost(refusal: Option<Inspection>) -> Self {
        let error = Self::new(ErrorCode::LostClaim, "the claim is no longer current");
        Self { refusal: refusal.map(Box::new), ..error }
    }

    /// Says which event of a batch was at fault.
    pub(crate) fn at(mut self, index: usize) -> Self {
        self.index = Some(index);
        self
    }

    /// Returns the stable code.
    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    /// With `lost_claim`: returns the winner's verdict and result, if anyone has won.
    pub fn refusal(&self) -> Option<&Inspection> {
        self.refusal.as_deref()
    }

    /// Returns what is wrong, without saying where.
    #[cfg(feature = "wasm")]
    pub(crate) const fn reason(&self) -> &'static str {
        self.reason
    }

    /// Returns the index of the event at fault, when it was one of a batch.
    pub const fn index(&self) -> Option<usize> {
        self.index
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(index) = self.index {
            write!(f, "events[{index}]: ")?;
        }
        f.write_str(self.reason)
    }
}

impl core::error::Error for Error {}
