/**
 * Verifies webhooks by the Standard Webhooks specification, with WebCrypto alone.
 * @module
 */

/** How far the time of a delivery may be away, so that an old one cannot be sent again by others. */
const TOLERANCE_MS = 5 * 60_000;

const SECRET_PREFIX = "whsec_";

function fromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** The bytes of each signature in the header that is of the one version known here. */
function signaturesIn(header) {
  const versioned = header.split(" ").map((each) => each.split(","));
  return versioned.flatMap(([version, signature]) => {
    try {
      return version === "v1" && signature !== undefined ? [fromBase64(signature)] : [];
    } catch {
      // It is no base64, and so no signature.
      return [];
    }
  });
}

/**
 * Returns the id of a webhook; undefined when it was not signed with that secret, or not lately.
 *
 * @param body the body as it came. What was parsed and written anew may differ.
 */
export async function verify(headers, body, secret) {
  const id = headers.get("webhook-id");
  const timestamp = headers.get("webhook-timestamp") ?? "";
  const age = Math.abs(Date.now() - Number(timestamp) * 1000);
  if (!id || !/^\d{1,12}$/.test(timestamp) || age > TOLERANCE_MS) {
    return undefined;
  }
  const bytes = fromBase64(secret.slice(SECRET_PREFIX.length));
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["verify"]);
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  for (const signature of signaturesIn(headers.get("webhook-signature") ?? "")) {
    // It takes the same time however much of the signature is right.
    if (await crypto.subtle.verify("HMAC", key, signature, signed)) {
      return id;
    }
  }
  return undefined;
}
