/** The license in this browser: what is kept, what it is worth now, and when to ask for the next lease. */
import type { HandedLicense } from "./answers";
import type { LeaseClaims } from "../../verifier/tongbao_verifier";
import type { Api } from "./api";
import { PayError, asPayError, verdictOf } from "./errors";
import type { Scene } from "./scene";
import type { Trust } from "./trust";
import type { License, LicenseState } from "./types";

export interface KeptLicense {
  readonly [name: string]: unknown;
  readonly licenseId: string;
  readonly licenseKey: string | null;
  readonly paidAtS: number | null;
  readonly token: string;
  /** The order that it was claimed for here; null: restored. */
  readonly orderId: string | null;
  readonly refreshAtS: number;
  readonly endedAs: Ended | null;
}
type Ended = "expired" | "revoked" | "suspended" | "removed";

const DAY_S = 86_400;
const ENDS: Partial<Record<PayError["code"], Ended>> = {
  license_revoked: "revoked", license_suspended: "suspended", license_expired: "expired",
  device_not_active: "removed", device_limit: "removed" };
/** What a new key set, or the word of today's server, may mend. */
const RETRY_INVALID_MS = 60_000;

export interface RefreshOptions {
  readonly signal?: AbortSignal;
  /** Don't ask when the server was asked less than this ago. */
  readonly unlessWithinMs?: number;
}

export class Keeper {
  readonly #scene: Scene;
  readonly #trust: Trust;
  readonly #api: Api;

  constructor(scene: Scene, trust: Trust, api: Api) {
    this.#scene = scene;
    this.#trust = trust;
    this.#api = api;
  }

  kept(): Promise<KeptLicense | null> {
    return this.#scene.read<KeptLicense>("license");
  }

  /** What the kept license is worth now. No network; a failure is a state, not a throw. */
  async state(): Promise<LicenseState> {
    try {
      const kept = await this.kept();
      if (kept === null) return { status: "none" };
      if (kept.endedAs !== null) return { status: kept.endedAs };
      const { code, claims } = await this.#trust.verify(kept.token);
      if (claims !== undefined) return { status: "active", license: licenseOf(kept, claims), inGrace: code === "VALID_GRACE" };
      return code === "LICENSE_EXPIRED" ? { status: "expired" } : { status: "invalid", error: verdictOf(code) };
    } catch (error) {
      return { status: "invalid", error: asPayError(error) };
    }
  }

  /** Keep a license that the server hands over, once its lease is verified; the keys are asked for meanwhile. */
  async take(handing: Promise<HandedLicense>, orderId: string | null): Promise<void> {
    const [handed, set] = await Promise.all([handing, this.#api.keySet().catch(asPayError)]);
    const { licenseId, licenseKey, paidAt: paidAtS, lease } = handed;
    if (lease === null) throw new PayError("server", { reason: "LEASE_PENDING", retryAfterMs: 2_000 });
    if (typeof set === "string") await this.#trust.takeKeys(set);
    const { ok, code, claims } = await this.#trust.acceptsFresh(lease.token);
    // Without the newest keys the kept ones decide, and what kept the new ones away is the answer.
    if (!ok) throw typeof set === "string" ? verdictOf(code) : set;
    await this.#scene.write("license", { licenseId, licenseKey, paidAtS, token: lease.token, orderId, endedAs: null,
      refreshAtS: claims === undefined ? this.#scene.nowS + DAY_S : refreshAtS(claims, this.#scene.seams.random()) });
  }

  /** Ask the server. Its "no" becomes the license's state; no answer changes nothing and throws. */
  async refresh(signal?: AbortSignal): Promise<void> {
    const kept = await this.kept();
    if (kept === null) return;
    await this.#trust.noteAsked();
    try {
      const handing = this.#api.lease(kept.licenseId, signal);
      await this.take(handing.then((it) => ({ ...it, licenseKey: it.licenseKey ?? kept.licenseKey })), kept.orderId);
    } catch (error) {
      const ended = error instanceof PayError ? ENDS[error.code] : undefined;
      if (ended === undefined) throw error;
      await this.#end(kept, ended);
    }
  }

  /** Whether it is time to ask: the lease is half over, something is wrong, or it may be over. */
  async isDue(): Promise<boolean> {
    const kept = await this.kept();
    if (kept === null) return false;
    if (kept.endedAs !== null) return kept.endedAs === "suspended";
    if (!(this.#scene.nowS < kept.refreshAtS)) return true;
    const state = await this.state();
    return state.status === "invalid" && !await this.askedWithin(RETRY_INVALID_MS);
  }

  async askedWithin(durationMs: number): Promise<boolean> {
    const sinceMs = this.#scene.nowMs - await this.#trust.askedAtMs();
    return sinceMs >= 0 && sinceMs < durationMs;
  }

  async #end(kept: KeptLicense, endedAs: Ended): Promise<void> {
    // Restored or claimed anew meanwhile: that "no" was for another license.
    if ((await this.kept())?.token !== kept.token) return;
    // The lease of another device, in a copied profile: it says more than a server that never heard of this device.
    const state = await this.state();
    if (endedAs === "removed" && state.status === "invalid" && state.error.code === "device_mismatch") return;
    await this.#scene.write("license", { ...kept, endedAs });
  }
}

/** When 40 to 49 % of the lease have passed, not before the next UTC midnight: until then the answer is this very lease. */
export function refreshAtS({ iat, exp }: Pick<LeaseClaims, "iat" | "exp">, random: number): number {
  const partS = Math.floor((exp - iat) * (0.4 + 0.09 * random));
  const midnightS = DAY_S + Math.floor(random * 3_600);
  return Math.min(exp, iat + Math.max(partS, midnightS));
}

function licenseOf(kept: KeptLicense, claims: LeaseClaims): License {
  const date = (atS: number): Date => new Date(atS * 1000);
  return {
    id: claims.sub, productId: claims.aud, entitlements: [...claims.ent],
    endsAt: claims.lexp === null ? null : date(claims.lexp), leaseEndsAt: date(claims.exp),
    graceEndsAt: date(claims.exp + claims.grc), licenseKey: kept.licenseKey,
    paidAt: typeof kept.paidAtS === "number" ? date(kept.paidAtS) : null, token: kept.token };
}
