//! Ids made from what makes an event what it is.

use alloc::string::String;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use super::ids;
use crate::content::Content;
use crate::error::Error;

/// Separates these ids from all other uses of the same hash or secret.
const DOMAIN: &[u8] = b"onceward content id 1\0";

const BYTES: u8 = 0;
const JSON: u8 = 1;

/// Returns the id of a content: the same everywhere and at all times for the same content, and for no
/// other.
///
/// It is a UUID of version 8 (RFC 9562, section 5.8) that holds 122 bits of a SHA-256, or with a secret
/// of an HMAC (RFC 2104): then nobody who lacks the secret can find out from the id whether it is that
/// of a guessed content. Bytes never have the id of JSON.
///
/// # Errors
/// `invalid_option` when the secret is empty.
///
/// ```
/// use onceward::{CanonicalJson, Content, Json, content_id};
///
/// let order = Json::Object(vec![("sku".into(), Json::String("A-1".into()))]);
/// let id = content_id(&Content::json(&CanonicalJson::new(&order)?), None)?;
/// assert_eq!(id, "e492972c-3742-81ab-b7bf-f025b1ba382e");
/// # Ok::<(), onceward::Error>(())
/// ```
pub fn content_id(content: &Content<'_>, secret: Option<&[u8]>) -> Result<String, Error> {
    let kind = if content.is_json() { JSON } else { BYTES };
    let parts = [DOMAIN, &[kind], content.as_bytes()];
    let digest: [u8; 32] = match secret {
        Some([]) => return Err(Error::option("the secret is empty")),
        Some(secret) => {
            let mac = Hmac::<Sha256>::new_from_slice(secret);
            // A key of any length is taken.
            let mut mac = mac.map_err(|_| Error::option("the secret is too long"))?;
            for part in parts {
                mac.update(part);
            }
            mac.finalize().into_bytes().into()
        }
        None => {
            let mut hash = Sha256::new();
            for part in parts {
                hash.update(part);
            }
            hash.finalize().into()
        }
    };
    let [bits @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = digest;
    let version = 0xF << 76;
    let variant = 0b11 << 62;
    let bits = u128::from_be_bytes(bits) & !(version | variant);
    Ok(ids::text(bits | 8 << 76 | 0b10 << 62))
}
