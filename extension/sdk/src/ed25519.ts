/** What verifies where the browser cannot (Chromium before 137). */
import { verifyAsync } from "@noble/ed25519";
import type { Ed25519Verify } from "../../verifier/tongbao_verifier";

export const verifyEd25519: Ed25519Verify = (signature, message, x) => verifyAsync(signature, message, x, { zip215: false });
